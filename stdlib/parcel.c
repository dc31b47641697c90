#include "stdlib/parcel.h"
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/codecs.h"
#include "vm/float.h"
#include "vm/int.h"
#include "vm/str.h"

#include <stdlib.h>
#include <string.h>

void parcel_free(Parcel *p)
{
    free(p->data);
    *p = (Parcel){0};
}

static uint8_t *grow(Parcel *p, size_t n)
{
    if (p->capacity - p->size < n && !p->failed) {
        size_t capacity = p->capacity ? p->capacity * 2 : 128;
        while (capacity < p->size + n) capacity *= 2;
        uint8_t *more = realloc(p->data, capacity);
        if (more) p->data = more, p->capacity = capacity;
        else p->failed = true;
    }
    if (p->failed) return NULL;
    p->size += n;
    return p->data + p->size - n;
}

static void put(Parcel *p, ParcelKind kind, const void *head, size_t head_size, const void *data, size_t size)
{
    uint8_t *to = grow(p, 1 + head_size + size);
    if (!to) return;
    *to = (uint8_t)kind;
    if (head_size) memcpy(to + 1, head, head_size);
    if (size) memcpy(to + 1 + head_size, data, size);
}

void parcel_put_none(Parcel *p) { put(p, PARCEL_NONE, NULL, 0, NULL, 0); }
void parcel_put_int(Parcel *p, int64_t i) { put(p, PARCEL_INT, &i, sizeof i, NULL, 0); }
void parcel_put_float(Parcel *p, double d) { put(p, PARCEL_FLOAT, &d, sizeof d, NULL, 0); }
void parcel_put_data(Parcel *p, ParcelKind kind, const void *data, size_t size)
{
    put(p, kind, &size, sizeof size, data, size);
}

static void read(Parcel *p, void *to, size_t n)
{
    memcpy(to, p->data + p->at, n);
    p->at += n;
}

bool parcel_take(Parcel *p, ParcelItem *item)
{
    if (p->at >= p->size) return false;
    *item = (ParcelItem){.kind = (ParcelKind)p->data[p->at++]};
    switch (item->kind) {
    case PARCEL_NONE: return true;
    case PARCEL_INT: return read(p, &item->integer, sizeof item->integer), true;
    case PARCEL_FLOAT: return read(p, &item->real, sizeof item->real), true;
    default:
        read(p, &item->size, sizeof item->size);
        item->data = (const char *)p->data + p->at;
        p->at += item->size;
        return true;
    }
}

/* What other programs have written may not be UTF-8. */
static Value text_value(VM *vm, const char *data, size_t size)
{
    Value text = str_decode_utf8(vm, data, size);
    if (!is_error(text) || !vm_pending_is(vm, ERR_UNICODE_DECODE)) return text;
    vm_take_pending(vm);
    Value errors = str_from_c(vm, "surrogateescape");
    return is_error(errors) ? errors : codec_decode(vm, (const uint8_t *)data, size, VALUE_UNSET, errors);
}

Value parcel_take_value(VM *vm, Parcel *p)
{
    ParcelItem i;
    if (!parcel_take(p, &i)) return vm_raise(vm, ERR_RUNTIME, "a parcel has come to its end");
    switch (i.kind) {
    case PARCEL_NONE: return VALUE_NONE;
    case PARCEL_INT: return int_from_i64(vm, i.integer);
    case PARCEL_FLOAT: return float_value(vm, i.real);
    case PARCEL_TEXT: return text_value(vm, i.data, i.size);
    case PARCEL_BYTES: break;
    }
    return bytes_new(vm, (const uint8_t *)i.data, i.size);
}

static bool put_text(VM *vm, Parcel *p, Value text)
{
    const Str *s = as_str(text);
    if (s->h.aux & STR_ASCII) return parcel_put_data(p, PARCEL_TEXT, s->data, s->size), true;
    Value bytes = codec_encode(vm, as_str(text), VALUE_UNSET, VALUE_UNSET);
    if (is_error(bytes)) return false;
    parcel_put_data(p, PARCEL_TEXT, as_bytes(bytes)->data, as_bytes(bytes)->size);
    return true;
}

bool parcel_put_value(VM *vm, Parcel *p, Value v, const char *system)
{
    int64_t i;
    if (is_none(v)) parcel_put_none(p);
    else if (is_bool(v)) parcel_put_int(p, v == VALUE_TRUE);
    else if (is_int(v) && int_to_i64(v, &i)) parcel_put_int(p, i);
    else if (is_int(v)) return vm_raise(vm, ERR_OVERFLOW, "Python int too large to convert to %s INTEGER", system), false;
    else if (is_float(v)) parcel_put_float(p, as_float(v));
    else if (is_str(v)) return put_text(vm, p, v);
    else if (is_bytes(v)) parcel_put_data(p, PARCEL_BYTES, as_bytes(v)->data, as_bytes(v)->size);
    else if (is_bytearray(v)) parcel_put_data(p, PARCEL_BYTES, as_bytearray(v)->data, as_bytearray(v)->size);
    else return false;
    return true;
}
