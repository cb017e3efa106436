// The timeline and the table.

/** A teller of lines: (who, what) prints `  12.3 s  slack       posts …`. */
export function timeline(began = Date.now(), print = console.log) {
  return (who, what) => print(`${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s  ${who.padEnd(10)}  ${what}`);
}

/** Prints rows of cells under a head; numbers to the right. */
export function table(rows, print = console.log) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((cells) => String(cells[i]).length)));
  rows.forEach((cells, n) => {
    print("  " + cells.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join("  "));
    if (n === 0) print("  " + widths.map((w) => "─".repeat(w)).join("  "));
  });
}
