/** Why octets are not MSRP. A closed set: nothing a peer sends can add to it. */
export const PARSE_ERRORS = {
  start_line: 'not the start-line of a request or response',
  transaction_id: 'a transaction-id that is not 4 to 32 characters of ident',
  header: 'a header line that is not "name: value" and CRLF',
  header_section_too_long: 'the header section is longer than maxHeaderSection',
  too_many_headers: 'the header section has more headers than maxHeaders',
  path_too_long: 'a To-Path or From-Path has more URIs than maxPathUris',
  end_line: 'an end-line in place of a header that is not the one of its message',
  between_messages: 'a CR without LF between messages',
} as const;

export type ParseErrorKind = keyof typeof PARSE_ERRORS;
