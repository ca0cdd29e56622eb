// Reads QR codes as a camera would: lists of rows of 0 and 1 on stdin, their texts on stdout.
const jsQR = require("jsqr").default ?? require("jsqr");
const QUIET = 4, SCALE = 4;

function read(rows) {
  const size = (rows.length + 2 * QUIET) * SCALE;
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const row = rows[Math.floor(y / SCALE) - QUIET];
      if (row?.[Math.floor(x / SCALE) - QUIET] !== "1") continue;
      pixels.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3);
    }
  return jsQR(pixels, size, size)?.data ?? null;
}

let given = "";
process.stdin.on("data", (part) => (given += part));
process.stdin.on("end", () => console.log(JSON.stringify(JSON.parse(given).map(read))));
