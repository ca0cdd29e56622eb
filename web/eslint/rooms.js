/**
 * The web's law of direction: app → features → shared, and no feature knows another. What two
 * features share lives in shared/, what joins them in app/.
 */
import path from "node:path";

/** Where a file stands: ["features", "orders"], ["shared", "api"], ["app"], or null outside src. */
export function roomOf(file) {
  const parts = file.split(path.sep);
  const at = parts.lastIndexOf("src");
  if (at === -1 || at >= parts.length - 2) return null;
  return parts.slice(at + 1, -1);
}

export function breach(fromFile, target) {
  if (!target.startsWith(".")) return null;
  const from = roomOf(fromFile);
  const to = roomOf(path.resolve(path.dirname(fromFile), target));
  if (from === null || to === null) return null;
  const [layer, room] = from;
  const [wanted, other] = to;
  if (layer === "shared" && wanted !== "shared") return `shared must not import from ${wanted}`;
  if (layer === "features" && wanted === "app") return "a feature must not import from app";
  if (layer === "features" && wanted === "features" && room !== other) {
    return `feature "${room}" must not import from feature "${other}"`;
  }
  return null;
}

export const rooms = {
  meta: { type: "problem", schema: [], messages: { breach: "{{why}}." } },
  create(context) {
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== "string") return;
      const why = breach(context.filename, source);
      if (why !== null) context.report({ node, messageId: "breach", data: { why } });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};
