/** A change that is ready to be made and cannot fail any more. One of the two is called, once. */
export interface Prepared {
  use(): void;
  discard(): void;
}
