/** Where the keys of encrypted content come from; only who holds a right gets one. */
export interface KeyProvider {
  /**
   * 16 bytes, or 32 for a file under one key. `epoch` is 0 for content that is not live.
   * @throws AceError `LICENCE_MISSING` and its like, `KEY_UNAVAILABLE`, `KEY_EPOCH_INVALID`.
   */
  key(contentId: string, epoch: number, signal: AbortSignal): Promise<Uint8Array>;
}
