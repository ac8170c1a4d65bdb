#ifndef ROOMCAST_COMMON_FRAME_H
#define ROOMCAST_COMMON_FRAME_H
/*
 * A frame is a run of bytes that never changes after it was sealed and is shared by reference:
 * a broadcast is one frame and as many references as there are receivers. Counting is plain, not
 * atomic: no frame crosses a thread.
 *
 * In front of the data lie FRAME_HEADROOM bytes of scratch for whoever writes the frame out at
 * this moment (the transport puts its envelope there, so nothing is copied per receiver). What is
 * in the headroom means nothing once that write call has returned.
 *
 * A frame may have a twin: the same content written in another way, made by whoever needs it
 * first, shared by all who need it after him, and gone with the frame.
 */
#include "common/str.h"

#define FRAME_HEADROOM 32

struct frame;

/* A frame with a copy of b and one reference, the caller's. */
struct frame *frame_new(struct bytes b);

/* One more reference, for the caller to keep. Returns f. */
struct frame *frame_ref(struct frame *f);

/* Gives one reference back and leaves NULL; the last one frees. Accepts NULL. */
void frame_unref(struct frame **f);

struct bytes frame_bytes(const struct frame *f);

/* First byte of the data, with FRAME_HEADROOM writable bytes before it. */
uint8_t *frame_data(struct frame *f);

size_t frame_len(const struct frame *f);

/* The twin, f's; NULL = there is none yet. */
struct frame *frame_twin(const struct frame *f);

/* Gives f, which has none, its twin, and leaves NULL. */
void frame_set_twin_take(struct frame *f, struct frame **twin);

/* Frames alive in this thread; tests end with 0. */
size_t frame_live(void);

/* For buf.c alone: memory of `size` data bytes behind a headroom, not yet a counted frame. */
struct frame *frame_alloc(size_t size);
struct frame *frame_resize(struct frame *f, size_t size);
void frame_seal(struct frame *f, size_t len);
void frame_discard(struct frame *f);

#endif
