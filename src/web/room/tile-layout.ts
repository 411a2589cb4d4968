const RATIO = 16 / 9;

export type TileLayout = { readonly columns: number; readonly tileWidth: number };

/** The columns with which so many tiles of 16:9 are as large as they can be in a space, all sizes in pixels. */
export function tileLayout(count: number, width: number, height: number, gap: number): TileLayout {
  let best: TileLayout = { columns: 1, tileWidth: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const byWidth = (width - gap * (columns - 1)) / columns;
    const byHeight = ((height - gap * (rows - 1)) / rows) * RATIO;
    const tileWidth = Math.floor(Math.min(byWidth, byHeight));
    if (tileWidth > best.tileWidth) best = { columns, tileWidth };
  }
  return best;
}
