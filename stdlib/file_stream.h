/* file_stream.h - _files.LineStream and TextStream: what file objects do most, in C. */
#pragma once
#include "stdlib/stdlib.h"

bool file_stream_add_types(VM *vm, Module *m);
