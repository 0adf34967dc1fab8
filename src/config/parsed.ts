/** What a reader of one text value gives: the value, or what is wrong and what would be right. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };
