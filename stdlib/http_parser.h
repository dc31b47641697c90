/* http_parser.h - messages of HTTP/1.1 as bytes, strictly by RFC 9110 and 9112: heads, and bodies' frames.
 *
 * Pure functions of bytes: no VM, no memory of their own. A head is parsed when it has come whole, from its start,
 * so how the bytes were cut on their way makes no difference. What two programs could read in two ways (a bare
 * line feed, two lengths, a folded line, space before a colon) is refused, by the status that a server answers.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_MAX_LINE = 8 << 10,  // of a head, line end included
    HTTP_MAX_HEAD = 32 << 10,
    HTTP_MAX_FIELDS = 100,
    HTTP_MAX_METHOD = 24,
    HTTP_MAX_CHUNK_LINE = 256, // a chunk's size and extensions
};

typedef struct HttpSpan { uint32_t at, size; } HttpSpan; // of the bytes that were parsed
typedef struct HttpField { HttpSpan name, value; } HttpField;

enum { HTTP_CHUNKED = -1, HTTP_TO_END = -2 }; // HttpHead.length: instead of a number of bytes

typedef struct HttpHead {
    HttpSpan method, target; // of a request
    HttpSpan path, query;    // of its target; query without "?", absent: size 0
    HttpSpan host;           // of the target's or the field's authority
    HttpSpan reason;         // of a response
    int status;              // of a response; 0: a request
    int minor;               // HTTP/1.minor
    int64_t length;          // of the body
    uint32_t size;           // of the head
    bool keep_alive;         // the connection may serve another message
    bool expects_continue;   // the client waits for "100 Continue"
    bool upgrade;            // Connection: upgrade
    const char *wrong;       // what was refused, in a few words
    uint32_t nfields;
    HttpField fields[HTTP_MAX_FIELDS];
} HttpHead;

/* What parsing comes to; otherwise the status to refuse it with, 400 ... 505. */
enum { HTTP_MORE = 0, HTTP_DONE = 1 };

/* data begins where the message begins. HTTP_DONE: the head is its first head->size bytes. */
int http_parse_request(HttpHead *head, const uint8_t *data, size_t size);
/* The status-line and fields of an answer; a body that the request forbids (HEAD) is the caller's to know. */
int http_parse_response(HttpHead *head, const uint8_t *data, size_t size);

/* A body on its way, and what of it comes next. */
typedef enum {
    HTTP_BODY_PLAIN,
    HTTP_BODY_SIZE,
    HTTP_BODY_CHUNK,
    HTTP_BODY_CHUNK_END,
    HTTP_BODY_TRAILER,
    HTTP_BODY_DONE
} HttpBodyState;

typedef struct HttpBody {
    int64_t left;      // of it, or of the chunk; to the end: HTTP_TO_END
    uint32_t trailers; // bytes of them so far
    HttpBodyState state;
    const char *wrong;
} HttpBody;

void http_body_start(HttpBody *b, int64_t length);
/* Take frames from the front of data: *used bytes are done with, of which *piece (if not empty) belong to the body;
 * call again with what follows. HTTP_DONE: it has ended; HTTP_MORE with an empty piece: more has to come. */
int http_body_next(HttpBody *b, const uint8_t *data, size_t size, size_t *used, HttpSpan *piece);

/* Is it a name, a field's value, as heads may have them? */
bool http_is_token(const uint8_t *text, size_t n);
bool http_is_value(const uint8_t *text, size_t n);
/* A date of RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT" and nothing else; -1: it is none. Seconds since 1970 before
 * that or beyond the year 9999 are told as its first and last. */
enum { HTTP_DATE_SIZE = 29 };
void http_date(int64_t seconds, char out[HTTP_DATE_SIZE + 1]);
int64_t http_parse_date(const char *text, size_t n);
