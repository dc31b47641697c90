/* http.c - any bytes as a request, as an answer and as a chunked body. However they are cut, what comes out is the
 * same, and every span lies within what was given. */
#include "stdlib/http_parser.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int Parse(HttpHead *head, const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) abort();
}

static void check_span(const HttpHead *head, HttpSpan span)
{
    check(span.at <= head->size && span.size <= head->size - span.at);
}

static void check_head(const HttpHead *head, size_t size)
{
    check(head->size <= size && head->size <= HTTP_MAX_HEAD && head->nfields <= HTTP_MAX_FIELDS);
    check(head->length >= HTTP_TO_END);
    const HttpSpan spans[] = {head->method, head->target, head->path, head->query, head->host, head->reason};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) check_span(head, spans[i]);
    for (uint32_t i = 0; i < head->nfields; i++) {
        check_span(head, head->fields[i].name);
        check_span(head, head->fields[i].value);
        check(head->fields[i].name.size > 0);
    }
}

/* A beginning of the data says nothing else than all of it, once it says anything. */
static void parse(Parse *how, const uint8_t *data, size_t size)
{
    static HttpHead whole, part;
    int status = how(&whole, data, size);
    if (status == HTTP_DONE) check_head(&whole, size);
    else if (status != HTTP_MORE) check(status >= 400 && status < 600 && whole.wrong);
    for (size_t n = 0; n < size; n += 1 + size / 64) {
        uint8_t *copy = malloc(n ? n : 1); // of that size, so that reading beyond it is seen
        memcpy(copy, data, n);
        int early = how(&part, copy, n);
        free(copy);
        if (early == HTTP_MORE) continue;
        check(early == status);
        if (early == HTTP_DONE)
            check(part.size == whole.size && part.length == whole.length && part.nfields == whole.nfields);
    }
}

typedef struct Result { int status; size_t size, hash; } Result;

/* The whole body, of which `step` bytes come at a time. */
static Result decode(int64_t length, const uint8_t *data, size_t size, size_t step)
{
    HttpBody body;
    Result r = {HTTP_MORE, 0, 0};
    http_body_start(&body, length);
    for (size_t done = 0, here = 0;;) {
        size_t used;
        HttpSpan piece;
        r.status = http_body_next(&body, data + done, here - done, &used, &piece);
        check(used <= here - done && piece.at <= used && piece.size <= used - piece.at);
        for (size_t i = 0; i < piece.size; i++) r.hash = r.hash * 31 + data[done + piece.at + i];
        r.size += piece.size;
        done += used;
        if (r.status != HTTP_MORE) return r;
        if (piece.size) continue;
        if (here == size) return r;
        here = size - here < step ? size : here + step;
    }
}

static void decode_all(int64_t length, const uint8_t *data, size_t size)
{
    Result whole = decode(length, data, size, size ? size : 1);
    for (size_t step = 1; step < 8; step += 3) {
        Result r = decode(length, data, size, step);
        check(r.status == whole.status);
        if (r.status == HTTP_DONE) check(r.size == whole.size && r.hash == whole.hash);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    parse(http_parse_request, data, size);
    parse(http_parse_response, data, size);
    HttpHead head;
    bool asked = http_parse_request(&head, data, size) == HTTP_DONE;
    decode_all(HTTP_CHUNKED, asked ? data + head.size : data, asked ? size - head.size : size);
    decode_all((int64_t)(size / 2), data, size);
    int64_t when = http_parse_date((const char *)data, size);
    char text[HTTP_DATE_SIZE + 1];
    if (when >= 0) {
        http_date(when, text);
        check(memcmp(text, data, HTTP_DATE_SIZE) == 0);
    }
    return 0;
}
