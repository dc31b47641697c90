/* deque.h - collections.deque for other natives. */
#pragma once
#include "stdlib/stdlib.h"

Value deque_new(VM *vm);
size_t deque_size(Value deque);
bool deque_put_last(VM *vm, Value deque, Value v); // false: no memory
Value deque_take_first(VM *vm, Value deque);       // of one that is not empty
