// A spreadsheet runs a cell that begins with one of these as a formula; with an apostrophe before it, it is text.
export function cell(value) {
  const text = String(value);
  return quote(/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);
}

export function quote(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
