/** As Promise.all, but not over before all have settled: nothing is opened any more behind the back of whoever cleans up. */
export async function allOf(each: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(each)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
