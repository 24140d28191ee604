#ifndef CLINUX_H
#define CLINUX_H

#include <stdint.h>

// Only what Swift cannot import: variadic functions, function-like macros, calls that Glibc's module
// leaves out. No logic lives here.

#endif
