#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>

#include "page_malloc.h"

// Only what Swift cannot import: variadic functions, function-like macros, calls that Glibc's module
// leaves out. No logic lives here.

#endif
