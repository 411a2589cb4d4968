import { buildPage } from '../../src/web/build.ts';

/** Before any test: the page as it is now. */
export async function setup(): Promise<void> {
  await buildPage();
}
