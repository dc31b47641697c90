/* memoryview.h - a look at the bytes of a bytes, bytearray or array, without copying: one dimension, items
 * of one of struct's native formats (item_format.h), any step. It does not keep its bytearray from
 * changing size: what a view has lost is out of its bounds.
 */
#pragma once
#include "vm/bytes.h"

enum { VIEW_RELEASED = 1, VIEW_READONLY = 2 }; // MemoryView.h.aux

static inline MemoryView *as_memoryview(Value v) { return (MemoryView *)as_obj(v); }
