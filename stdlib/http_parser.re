#include "stdlib/http_parser.h"

#include <string.h>
#include <time.h>

/* Every rule below ends at a line feed at the latest, and only whole lines are scanned: no rule looks at the end
 * of the data. `p` is where the scanner stands.
 */
/*!re2c
    re2c:api:style           = free-form;
    re2c:define:YYCTYPE      = "uint8_t";
    re2c:define:YYCURSOR     = p;
    re2c:define:YYMARKER     = mark;
    re2c:define:YYCTXMARKER  = behind;
    re2c:yyfill:enable       = 0;

    hex    = [0-9a-fA-F];
    tchar  = [-!#$%&'*+.^_`|~0-9A-Za-z];
    token  = tchar+;
    ows    = [ \t]*;
    crlf   = "\r\n";
    text   = [\t\x20-\x7e\x80-\xff];

    // RFC 3986; a percent sign with what follows it, but never a NUL.
    pct    = "%" ([1-9a-fA-F] hex | "0" [1-9a-fA-F]);
    uchar  = [-._~0-9A-Za-z!$&'()*+,;=] | pct;
    pchar  = uchar | [:@];
    // Browsers leave these as they are in queries.
    qchar  = pchar | [/?[\]{}|^`];
    ip     = "[" [0-9a-fA-F:.]+ "]";
    host   = (ip | uchar*) (":" [0-9]{0,5})?;
    path   = "/" (pchar | "/")*;
*/

typedef struct Scan {
    const uint8_t *start, *p, *line_end; // line_end: behind the line's feed
    HttpHead *head;
    unsigned lengths, codings, hosts; // fields of that name
    bool chunked, close, keep;
} Scan;

static HttpSpan span(const Scan *s, const uint8_t *from, const uint8_t *to)
{
    return (HttpSpan){(uint32_t)(from - s->start), (uint32_t)(to - from)};
}

static int refuse(Scan *s, int status, const char *wrong)
{
    s->head->wrong = wrong;
    return status;
}

/* ---- lines --------------------------------------------------------------------------------------- */

/* The next whole line; HTTP_DONE: it has come. */
static int find_line(Scan *s, const uint8_t *end, int too_long, const char *what)
{
    size_t left = (size_t)(end - s->p), room = HTTP_MAX_LINE;
    if (left > room) left = room;
    const uint8_t *feed = memchr(s->p, '\n', left);
    if (!feed) return left == room ? refuse(s, too_long, what) : HTTP_MORE;
    s->line_end = feed + 1;
    if (s->line_end - s->start > HTTP_MAX_HEAD) return refuse(s, 431, "the head is too long");
    if (feed == s->p || feed[-1] != '\r') return refuse(s, 400, "a line feed without its carriage return");
    return HTTP_DONE;
}

/* ---- the request line ---------------------------------------------------------------------------- */

static int scan_method(Scan *s)
{
    const uint8_t *p = s->p, *mark;
    /*!re2c
        token " " { s->head->method = span(s, s->p, p - 1); s->p = p; return HTTP_DONE; }
        *         { return refuse(s, 400, "no method"); }
    */
}

static void split_target(HttpHead *head, const uint8_t *start, HttpSpan rest)
{
    const uint8_t *text = start + rest.at, *mark = memchr(text, '?', rest.size);
    head->path = head->query = rest;
    if (mark) head->path.size = (uint32_t)(mark - text);
    uint32_t skipped = mark ? head->path.size + 1 : rest.size;
    head->query.at += skipped;
    head->query.size -= skipped;
}

/* http://host:port/path?query, as proxies are asked. */
static int scan_absolute(Scan *s, const uint8_t *from, const uint8_t *to)
{
    const uint8_t *at = memchr(from, ':', (size_t)(to - from)) + 3, *p = at;
    while (p < to && *p != '/' && *p != '?') p++;
    s->head->host = span(s, at, p);
    if (p == at) return refuse(s, 400, "a target without a host");
    split_target(s->head, s->start, span(s, p, to));
    return HTTP_DONE;
}

static int scan_target(Scan *s)
{
    const uint8_t *p = s->p, *mark;
    HttpHead *head = s->head;
    /*!re2c
        path ("?" qchar*)? " " {
            head->target = span(s, s->p, p - 1);
            split_target(head, s->start, head->target);
            s->p = p;
            return HTTP_DONE;
        }
        'http' 's'? "://" host path? ("?" qchar*)? " " {
            const uint8_t *from = s->p;
            head->target = span(s, from, p - 1);
            s->p = p;
            return scan_absolute(s, from, p - 1);
        }
        "* " {
            if (head->method.size != 7 || memcmp(s->start + head->method.at, "OPTIONS", 7) != 0)
                return refuse(s, 400, "a target that only OPTIONS may have");
            head->target = head->path = span(s, s->p, p - 1);
            s->p = p;
            return HTTP_DONE;
        }
        host " " { return refuse(s, 501, "no tunnels are made"); }
        *        { return refuse(s, 400, "a malformed target"); }
    */
}

static int scan_version(Scan *s)
{
    const uint8_t *p = s->p, *mark;
    /*!re2c
        "HTTP/1." [0-9] crlf      { s->head->minor = p[-3] - '0'; s->p = p; return HTTP_DONE; }
        "HTTP/" [0-9] "." [0-9] crlf { return refuse(s, 505, "a version that is not spoken here"); }
        *                         { return refuse(s, 400, "a malformed request line"); }
    */
}

static int scan_request_line(Scan *s)
{
    int status = scan_method(s);
    if (status != HTTP_DONE) return status;
    if (s->head->method.size > HTTP_MAX_METHOD) return refuse(s, 501, "a method that nobody knows");
    bool tunnel = s->head->method.size == 7 && memcmp(s->start + s->head->method.at, "CONNECT", 7) == 0;
    if ((status = scan_target(s)) == 501 && !tunnel) return refuse(s, 400, "a malformed target");
    return status == HTTP_DONE ? scan_version(s) : status;
}

static int scan_status_line(Scan *s)
{
    const uint8_t *p = s->p, *mark, *line = p;
    HttpHead *head = s->head;
    /*!re2c
        "HTTP/1." [0-9] " " [1-9] [0-9]{2} (" " text*)? crlf {
            head->minor = line[7] - '0';
            head->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
            if (p - line > 15) head->reason = span(s, line + 13, p - 2);
            s->p = p;
            return HTTP_DONE;
        }
        * { return refuse(s, 400, "a malformed status line"); }
    */
}

/* ---- fields -------------------------------------------------------------------------------------- */

typedef enum {
    FIELD_BAD,
    FIELD_OTHER,
    FIELD_LENGTH,
    FIELD_CODING,
    FIELD_HOST,
    FIELD_CONNECTION,
    FIELD_EXPECT
} FieldName;

/* The name and its colon; *at is then behind that. */
static FieldName scan_name(const uint8_t **at)
{
    const uint8_t *p = *at, *mark;
    FieldName name = FIELD_OTHER;
    /*!re2c
        'content-length:'    { name = FIELD_LENGTH; goto done; }
        'transfer-encoding:' { name = FIELD_CODING; goto done; }
        'host:'              { name = FIELD_HOST; goto done; }
        'connection:'        { name = FIELD_CONNECTION; goto done; }
        'expect:'            { name = FIELD_EXPECT; goto done; }
        token ":"            { goto done; }
        *                    { return FIELD_BAD; }
    */
done:
    *at = p;
    return name;
}

/* The value without the space around it. False: it has a control character. */
static bool scan_value(const uint8_t **at, const uint8_t **from, const uint8_t **to)
{
    const uint8_t *p = *at, *mark;
    /*!re2c
        text* crlf { goto done; }
        *          { return false; }
    */
done:
    *from = *at;
    *to = p - 2;
    *at = p;
    while (*from < *to && (**from == ' ' || **from == '\t')) ++*from;
    while (*to > *from && ((*to)[-1] == ' ' || (*to)[-1] == '\t')) --*to;
    return true;
}

static int take_length(Scan *s, const uint8_t *from, const uint8_t *to)
{
    if (s->lengths++) return refuse(s, 400, "more than one Content-Length");
    int64_t length = 0;
    for (const uint8_t *p = from; p < to; p++)
        if (*p < '0' || *p > '9') return refuse(s, 400, "a Content-Length that is no number");
    if (from == to) return refuse(s, 400, "a Content-Length that is no number");
    if (to - from > 18) return refuse(s, 413, "the body is too large");
    for (const uint8_t *p = from; p < to; p++) length = length * 10 + *p - '0';
    s->head->length = length;
    return HTTP_DONE;
}

static int take_coding(Scan *s, const uint8_t *p)
{
    const uint8_t *mark;
    if (s->codings++) return refuse(s, 400, "more than one Transfer-Encoding");
    /*!re2c
        coding = 'gzip' | 'x-gzip' | 'compress' | 'x-compress' | 'deflate';
        'chunked' ows crlf { s->chunked = true; return HTTP_DONE; }
        (coding ows "," ows)+ 'chunked' ows crlf {
            return refuse(s, 501, "a transfer coding that is not spoken here");
        }
        * { return refuse(s, 400, "a Transfer-Encoding whose last is not chunked"); }
    */
}

static int take_host(Scan *s, const uint8_t *from, const uint8_t *to)
{
    const uint8_t *p = from, *mark;
    if (s->hosts++) return refuse(s, 400, "more than one Host");
    if (!s->head->host.size) s->head->host = span(s, from, to);
    /*!re2c
        host ows crlf { return HTTP_DONE; }
        *             { return refuse(s, 400, "a malformed Host"); }
    */
}

/* A list of words, of which these matter. */
static int take_connection(Scan *s, const uint8_t *p)
{
    const uint8_t *mark, *behind;
    for (;;) {
        /*!re2c
            end = ows [,\r];
            'close' / end      { s->close = true; continue; }
            'keep-alive' / end { s->keep = true; continue; }
            'upgrade' / end    { s->head->upgrade = true; continue; }
            token              { continue; }
            [ \t,]+            { continue; }
            crlf               { return HTTP_DONE; }
            *                  { return refuse(s, 400, "a malformed Connection"); }
        */
    }
}

static int take_expect(Scan *s, const uint8_t *p)
{
    const uint8_t *mark;
    /*!re2c
        '100-continue' ows crlf { s->head->expects_continue = s->head->minor > 0; return HTTP_DONE; }
        *                       { return refuse(s, 417, "an expectation that cannot be met"); }
    */
}

static int bad_name(Scan *s, bool first)
{
    if (*s->p != ' ' && *s->p != '\t') return refuse(s, 400, "a malformed field name");
    return refuse(s, 400, first ? "space before the first field" : "a folded line");
}

static int scan_field(Scan *s)
{
    HttpHead *head = s->head;
    const uint8_t *name = s->p, *p = s->p, *from, *to;
    FieldName kind = scan_name(&p);
    if (kind == FIELD_BAD) return bad_name(s, !head->nfields);
    const uint8_t *colon = p - 1;
    if (!scan_value(&p, &from, &to)) return refuse(s, 400, "a control character in a field");
    if (head->nfields == HTTP_MAX_FIELDS) return refuse(s, 431, "too many fields");
    head->fields[head->nfields++] = (HttpField){span(s, name, colon), span(s, from, to)};
    s->p = p;
    switch (kind) {
    case FIELD_LENGTH: return take_length(s, from, to);
    case FIELD_CODING: return take_coding(s, from);
    case FIELD_HOST: return take_host(s, from, to);
    case FIELD_CONNECTION: return take_connection(s, from);
    case FIELD_EXPECT: return head->status ? HTTP_DONE : take_expect(s, from);
    default: return HTTP_DONE;
    }
}

/* Lines of fields up to the empty one. */
static int scan_fields(Scan *s, const uint8_t *end)
{
    for (;;) {
        int status = find_line(s, end, 431, "a field is too long");
        if (status != HTTP_DONE) return status;
        if (s->line_end - s->p == 2) {
            s->p = s->line_end;
            s->head->size = (uint32_t)(s->p - s->start);
            return HTTP_DONE;
        }
        if ((status = scan_field(s)) != HTTP_DONE) return status;
    }
}

/* ---- heads --------------------------------------------------------------------------------------- */

static void decide_keep_alive(Scan *s)
{
    s->head->keep_alive = !s->close && (s->head->minor > 0 || s->keep);
}

static int check_framing(Scan *s)
{
    if (s->codings && s->lengths) return refuse(s, 400, "both Transfer-Encoding and Content-Length");
    if (s->codings && s->head->minor == 0) return refuse(s, 400, "Transfer-Encoding in HTTP/1.0");
    if (s->chunked) s->head->length = HTTP_CHUNKED;
    return HTTP_DONE;
}

static void begin(Scan *s, HttpHead *head, const uint8_t *data)
{
    memset(head, 0, offsetof(HttpHead, fields));
    *s = (Scan){.start = data, .p = data, .head = head};
}

int http_parse_request(HttpHead *head, const uint8_t *data, size_t size)
{
    Scan s;
    begin(&s, head, data);
    const uint8_t *end = data + size;
    if (size >= 2 && memcmp(data, "\r\n", 2) == 0) s.p += 2; // one too many after the last body (RFC 9112, 2.2)
    int status = find_line(&s, end, 414, "the target is too long");
    if (status == HTTP_DONE) status = scan_request_line(&s);
    if (status == HTTP_DONE) status = scan_fields(&s, end);
    if (status == HTTP_DONE) status = check_framing(&s);
    if (status != HTTP_DONE) return status;
    if (!s.hosts && head->minor > 0) return refuse(&s, 400, "no Host");
    decide_keep_alive(&s);
    return HTTP_DONE;
}

static bool has_no_body(int status)
{
    return status < 200 || status == 204 || status == 304;
}

int http_parse_response(HttpHead *head, const uint8_t *data, size_t size)
{
    Scan s;
    begin(&s, head, data);
    const uint8_t *end = data + size;
    int status = find_line(&s, end, 400, "the status line is too long");
    if (status == HTTP_DONE) status = scan_status_line(&s);
    if (status == HTTP_DONE) status = scan_fields(&s, end);
    if (status == HTTP_DONE) status = check_framing(&s);
    if (status != HTTP_DONE) return status;
    decide_keep_alive(&s);
    if (has_no_body(head->status)) head->length = 0;
    else if (!s.codings && !s.lengths) {
        head->length = HTTP_TO_END;
        head->keep_alive = false;
    }
    return HTTP_DONE;
}

/* ---- bodies -------------------------------------------------------------------------------------- */

void http_body_start(HttpBody *b, int64_t length)
{
    *b = (HttpBody){.left = length == HTTP_CHUNKED ? 0 : length};
    b->state = length == HTTP_CHUNKED ? HTTP_BODY_SIZE : length == 0 ? HTTP_BODY_DONE : HTTP_BODY_PLAIN;
}

static int refuse_body(HttpBody *b, int status, const char *wrong)
{
    b->wrong = wrong;
    return status;
}

static int64_t hex_number(const uint8_t *p)
{
    for (int64_t n = 0;; p++) {
        if (*p >= '0' && *p <= '9') n = n * 16 + *p - '0';
        else if ((*p | 32) >= 'a' && (*p | 32) <= 'f') n = n * 16 + (*p | 32) - 'a' + 10;
        else return n;
    }
}

/* "1a;name=value\r\n" */
static bool scan_chunk_size(const uint8_t *p)
{
    const uint8_t *mark;
    /*!re2c
        quoted = "\"" ([\t !\x23-\x5b\x5d-\x7e\x80-\xff] | "\\" text)* "\"";
        hex{1,15} (";" token ("=" (token | quoted))?)* crlf { return true; }
        * { return false; }
    */
}

/* Where the line ends that begins here; NULL: it has not come, or is longer than it may be. */
static const uint8_t *find_feed(const uint8_t *data, size_t size, size_t limit)
{
    return memchr(data, '\n', size < limit ? size : limit);
}

static int take_chunk_size(HttpBody *b, const uint8_t *data, size_t size, size_t *used)
{
    const uint8_t *feed = find_feed(data, size, HTTP_MAX_CHUNK_LINE);
    if (!feed && size < HTTP_MAX_CHUNK_LINE) return HTTP_MORE;
    if (!feed) return refuse_body(b, 400, "a chunk's size line is too long");
    if (!scan_chunk_size(data)) return refuse_body(b, 400, "a malformed chunk size");
    b->left = hex_number(data);
    b->state = b->left ? HTTP_BODY_CHUNK : HTTP_BODY_TRAILER;
    *used = (size_t)(feed + 1 - data);
    return HTTP_DONE;
}

static int take_chunk_end(HttpBody *b, const uint8_t *data, size_t size, size_t *used)
{
    if (data[0] != '\r' || (size > 1 && data[1] != '\n'))
        return refuse_body(b, 400, "a chunk longer than its size");
    if (size < 2) return HTTP_MORE;
    *used = 2;
    b->state = HTTP_BODY_SIZE;
    return HTTP_DONE;
}

/* Nothing that changes how the message was read may come after it. */
static bool is_trailer(const uint8_t *p)
{
    const uint8_t *from, *to;
    FieldName name = scan_name(&p);
    bool harmless = name == FIELD_OTHER || name == FIELD_CONNECTION || name == FIELD_EXPECT;
    return harmless && scan_value(&p, &from, &to);
}

/* A field after the last chunk, checked and dropped, or the empty line. */
static int take_trailer(HttpBody *b, const uint8_t *data, size_t size, size_t *used)
{
    const uint8_t *feed = find_feed(data, size, HTTP_MAX_LINE);
    if (!feed && size < HTTP_MAX_LINE) return HTTP_MORE;
    if (!feed) return refuse_body(b, 431, "a trailer is too long");
    size_t line = (size_t)(feed + 1 - data);
    b->trailers += (uint32_t)line;
    *used = line;
    if (line == 2 && data[0] == '\r') return b->state = HTTP_BODY_DONE, HTTP_DONE;
    if (b->trailers > HTTP_MAX_LINE) return refuse_body(b, 431, "the trailers are too long");
    return is_trailer(data) ? HTTP_DONE : refuse_body(b, 400, "a malformed trailer");
}

static void take_piece(HttpBody *b, size_t size, size_t *used, HttpSpan *piece)
{
    if (size > UINT32_MAX / 2) size = UINT32_MAX / 2;
    if (b->left != HTTP_TO_END && (uint64_t)b->left < size) size = (size_t)b->left;
    *piece = (HttpSpan){(uint32_t)*used, (uint32_t)size};
    *used += size;
    if (b->left == HTTP_TO_END) return;
    b->left -= (int64_t)size;
    if (!b->left) b->state = b->state == HTTP_BODY_CHUNK ? HTTP_BODY_CHUNK_END : HTTP_BODY_DONE;
}

int http_body_next(HttpBody *b, const uint8_t *data, size_t size, size_t *used, HttpSpan *piece)
{
    *used = 0;
    *piece = (HttpSpan){0};
    while (b->state != HTTP_BODY_DONE) {
        size_t left = size - *used, taken = 0;
        int status = HTTP_DONE;
        if (!left) return HTTP_MORE;
        switch (b->state) {
        case HTTP_BODY_SIZE: status = take_chunk_size(b, data + *used, left, &taken); break;
        case HTTP_BODY_CHUNK_END: status = take_chunk_end(b, data + *used, left, &taken); break;
        case HTTP_BODY_TRAILER: status = take_trailer(b, data + *used, left, &taken); break;
        default: return take_piece(b, left, used, piece), HTTP_MORE;
        }
        if (status != HTTP_DONE) return status;
        *used += taken;
    }
    return HTTP_DONE;
}

/* ---- texts --------------------------------------------------------------------------------------- */

bool http_is_token(const uint8_t *text, size_t n)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < n; i++) {
        bool plain = (text[i] | 32) >= 'a' ? (text[i] | 32) <= 'z' : text[i] >= '0' && text[i] <= '9';
        if (!plain && (!text[i] || !strchr(others, text[i]))) return false;
    }
    return n > 0;
}

bool http_is_value(const uint8_t *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((text[i] < 32 && text[i] != '\t') || text[i] == 127) return false;
    return true;
}

static const char DAYS[] = "SunMonTueWedThuFriSat", MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void put_digits(char *out, int n, int width)
{
    while (width--) out[width] = (char)('0' + n % 10), n /= 10;
}

void http_date(int64_t seconds, char out[HTTP_DATE_SIZE + 1])
{
    enum { DAY = 24 * 60 * 60 };
    static const int64_t last = INT64_C(2932897) * DAY - 1; // of the year 9999, the last that has four digits
    struct tm t;
    time_t when = (time_t)(seconds < 0 ? 0 : seconds > last ? last : seconds);
    gmtime_r(&when, &t);
    memcpy(out, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_SIZE + 1);
    memcpy(out, DAYS + 3 * t.tm_wday, 3);
    put_digits(out + 5, t.tm_mday, 2);
    memcpy(out + 8, MONTHS + 3 * t.tm_mon, 3);
    put_digits(out + 12, t.tm_year + 1900, 4);
    put_digits(out + 17, t.tm_hour, 2);
    put_digits(out + 20, t.tm_min, 2);
    put_digits(out + 23, t.tm_sec, 2);
}

int64_t http_parse_date(const char *text, size_t n)
{
    char again[HTTP_DATE_SIZE + 1];
    if (n != HTTP_DATE_SIZE) return -1;
    struct tm t = {0};
    int *const fields[] = {&t.tm_mday, &t.tm_year, &t.tm_hour, &t.tm_min, &t.tm_sec};
    static const int at[] = {5, 12, 17, 20, 23}, width[] = {2, 4, 2, 2, 2};
    for (int f = 0; f < 5; f++)
        for (int i = 0; i < width[f]; i++) {
            char c = text[at[f] + i];
            if (c < '0' || c > '9') return -1;
            *fields[f] = *fields[f] * 10 + c - '0';
        }
    for (t.tm_mon = 0; t.tm_mon < 12 && memcmp(MONTHS + 3 * t.tm_mon, text + 8, 3) != 0;) t.tm_mon++;
    t.tm_year -= 1900;
    int64_t seconds = t.tm_mon < 12 ? timegm(&t) : -1;
    if (seconds < 0) return -1;
    http_date(seconds, again); // the day of the week, the commas, the 31st of June
    return memcmp(again, text, HTTP_DATE_SIZE) == 0 ? seconds : -1;
}
