import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { loadConfig } from '../config.ts';
import { databasePath, SqliteDatabase } from './sqlite-database.ts';

/** The original's tables and columns, referred-to tables first. */
const TABLES = {
  Meetings: ['id', 'created', 'modified', 'deleted', 'userCount', 'ended'],
  AnalyticsRefreshes: ['id', 'created', 'modified', 'deleted', 'version'],
  AnalyticsSimpleCallFeedback: [
    'id',
    'created',
    'modified',
    'deleted',
    'version',
    'experiencedIssues',
    'meetingId',
  ],
} as const;

export type ImportResult = Readonly<
  Record<string, { readonly imported: number; readonly alreadyThere: number }>
>;

/**
 * Copies the rows of a dump of the original's D1 database (`wrangler d1 export`) into this server's. The dump is read
 * into a database in memory first: whatever else is in it stays there. Rows whose `id` is there already stay as they
 * are, so the same import twice is the same as once. All or nothing; throws what SQLite says of a dump it cannot read.
 */
export function importD1(dump: string, dataDir: string): ImportResult {
  // Dumps name tables in the order of their names, referring ones before those referred to.
  const source = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  source.exec(dump);
  // Makes the file and its tables, or refuses it; and keeps a server out meanwhile.
  const database = new SqliteDatabase(dataDir);
  const target = new DatabaseSync(databasePath(dataDir));
  try {
    target.exec('BEGIN IMMEDIATE');
    const result = Object.fromEntries(
      Object.entries(TABLES).map(([table, columns]) => [table, copy(source, target, table, columns)]),
    );
    target.exec('COMMIT');
    return result;
  } finally {
    source.close();
    // Without a commit this takes everything back.
    target.close();
    database.close();
  }
}

function copy(
  source: DatabaseSync,
  target: DatabaseSync,
  table: string,
  columns: readonly string[],
): { imported: number; alreadyThere: number } {
  const exists = source.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table);
  if (exists === undefined) return { imported: 0, alreadyThere: 0 };
  // A dump from before a column was added lacks it.
  const present = source.prepare(`SELECT name FROM pragma_table_info('${table}')`).all();
  const names = columns.filter((column) => present.some((row) => row['name'] === column));
  const insert = target.prepare(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT (id) DO NOTHING`,
  );
  let imported = 0;
  let alreadyThere = 0;
  for (const row of source.prepare(`SELECT ${names.join(', ')} FROM ${table}`).iterate()) {
    const { changes } = insert.run(...names.map((name) => row[name] ?? null));
    if (changes === 0) alreadyThere += 1;
    else imported += 1;
  }
  return { imported, alreadyThere };
}

function main(): void {
  const [file, ...rest] = process.argv.slice(2);
  if (file === undefined || rest.length > 0 || file.startsWith('-')) {
    process.stderr.write(
      'usage: npm run import-d1 -- <dump.sql>   (into DATA_DIR; make the dump with wrangler d1 export)\n',
    );
    process.exit(file === '--help' ? 0 : 2);
  }
  try {
    const result = importD1(readFileSync(file, 'utf8'), loadConfig(process.env).dataDir);
    for (const [table, { imported, alreadyThere }] of Object.entries(result)) {
      process.stdout.write(`${table}: ${imported} imported, ${alreadyThere} already there\n`);
    }
  } catch (error) {
    process.stderr.write(
      `import-d1: ${error instanceof Error ? error.message : String(error)}; nothing was imported\n`,
    );
    process.exit(1);
  }
}

if (import.meta.main) main();
