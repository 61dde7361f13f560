"""Names that a page must survive: HTML, quotes, templates, mathematics, Chinese, great length, control characters."""

SCRIPT = "</td><script>alert('class')</script>"
QUOTED = "\"quoted\" & 'single' {{ 7 * 7 }} $x^2$ @0@"
LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 4
CHINESE = "玫瑰花"
TURNED = "left\u202eright\x07"
FILE = '<img src=x onerror=alert(1)> "a" 花'
