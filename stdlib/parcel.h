/* parcel.h - plain values as bytes, on their way between the VM's thread and another: None, int, float, str, bytes.
 *
 * A parcel is malloc'd memory that no VM owns. What does not fit is noticed once, at the end (`failed`).
 */
#pragma once
#include "vm/vm.h"

typedef struct Parcel { uint8_t *data; size_t size, capacity, at; bool failed; } Parcel; // at: where reading has come to
typedef enum { PARCEL_NONE, PARCEL_INT, PARCEL_FLOAT, PARCEL_TEXT, PARCEL_BYTES } ParcelKind;
typedef struct ParcelItem {
    ParcelKind kind;
    int64_t integer;
    double real;
    const char *data; // in the parcel
    size_t size;
} ParcelItem;

void parcel_free(Parcel *p);
void parcel_put_none(Parcel *p);
void parcel_put_int(Parcel *p, int64_t i);
void parcel_put_float(Parcel *p, double d);
void parcel_put_data(Parcel *p, ParcelKind kind, const void *data, size_t size);
/* The next item; false at the end. */
bool parcel_take(Parcel *p, ParcelItem *item);
/* The next item as a value: a str that is no UTF-8 gets lone surrogates for the bytes at fault. */
Value parcel_take_value(VM *vm, Parcel *p);
/* False: an exception is pending (too large an int for `system`, lone surrogates), or nothing when there is no such kind. */
bool parcel_put_value(VM *vm, Parcel *p, Value v, const char *system);
