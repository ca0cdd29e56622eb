// Runs before the first paint so that a remembered theme does not flash. Its own file because the
// page's content security policy allows no inline scripts.
(function () {
  try {
    var theme = JSON.parse(localStorage.getItem("hydradesk.theme") || "null");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch (_) {
    // Storage may be blocked; the page then follows the system.
  }
})();
