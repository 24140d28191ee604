// SPDX-License-Identifier: Apache-2.0
#ifndef CFUSE3_SHIM_H
#define CFUSE3_SHIM_H

// Only what Swift cannot import from libfuse 3.14: macros, and a prototype that its headers leave
// to the high-level API. No logic lives here.

#define FUSE_USE_VERSION 314
#include <stddef.h>
#include <sys/uio.h>
#include <unistd.h>

#include <fuse_lowlevel.h>

// Exported by libfuse3 for this very use (mount, then hand the descriptor to
// fuse_session_custom_io); declared in fuse.h, which a low-level program must not include.
int fuse_open_channel(const char *mountpoint, const char *options);

// fuse_session_loop_mt is a macro.
static inline int tarn_fuse_session_loop_mt(struct fuse_session *session,
                                            struct fuse_loop_config *config) {
    return fuse_session_loop_mt(session, config);
}

// The device hooks of fuse_session_custom_io. In C because libfuse ends its threads with
// pthread_cancel inside the read hook, and no Swift frame should be unwound by that.
static inline ssize_t tarn_fuse_device_read(int fd, void *buffer, size_t length, void *userdata) {
    (void)userdata;
    return read(fd, buffer, length);
}

static inline ssize_t tarn_fuse_device_writev(int fd, struct iovec *parts, int count,
                                              void *userdata) {
    (void)userdata;
    return writev(fd, parts, count);
}

#endif
