/* A camera of Video4Linux where there is none: preloaded, it answers for one file name what a driver would.

   CAMERA is the name, such as /dev/video7; frames of 64 x 48 in YUYV come 30 a second, each brighter than the
   one before. After CAMERA_FRAMES of them, where that is set, the camera is pulled out; opened again it is back. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 64, HEIGHT = 48, SIZE = WIDTH * HEIGHT * 2, BUFFERS = 4, RATE = 30 };

static int camera = -1, frame, first, queued;
static char *buffers[BUFFERS];
static struct timespec due;

static int is_camera(const char *path) {
    const char *name = getenv("CAMERA");
    return name && path && !strcmp(path, name);
}

static int opened(void) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    frame = first = queued = 0;
    clock_gettime(CLOCK_MONOTONIC, &due);
    return camera = real("/dev/null", O_RDWR);
}

#define OPEN(name)                                                     \
    int name(const char *path, int flags, ...) {                       \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name); \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        int mode = va_arg(rest, int);                                  \
        va_end(rest);                                                  \
        return is_camera(path) ? opened() : real(path, flags, mode);   \
    }
OPEN(open)
OPEN(open64)

#define STAT(name, type)                                                          \
    int name(const char *path, struct type *found) {                              \
        int (*real)(const char *, struct type *) = dlsym(RTLD_NEXT, #name);       \
        return real(is_camera(path) ? "/dev/null" : path, found);                 \
    }
STAT(stat, stat)
STAT(stat64, stat64)

static void *mapped(off_t at) { return buffers[at / SIZE]; }

void *mmap(void *place, size_t size, int protect, int flags, int file, off_t at) {
    void *(*real)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, "mmap");
    return file >= 0 && file == camera ? mapped(at) : real(place, size, protect, flags, file, at);
}

void *mmap64(void *place, size_t size, int protect, int flags, int file, off_t at) {
    void *(*real)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, "mmap64");
    return file >= 0 && file == camera ? mapped(at) : real(place, size, protect, flags, file, at);
}

int munmap(void *place, size_t size) {
    int (*real)(void *, size_t) = dlsym(RTLD_NEXT, "munmap");
    for (int at = 0; at < BUFFERS; at++)
        if (place && place == buffers[at]) return 0;
    return real(place, size);
}

int close(int file) {
    int (*real)(int) = dlsym(RTLD_NEXT, "close");
    if (file == camera) camera = -1;
    return real(file);
}

static int fails(int reason) {
    errno = reason;
    return -1;
}

static int filled(struct v4l2_buffer *buffer) {
    const char *last = getenv("CAMERA_FRAMES");
    if (last && frame >= atoi(last)) return fails(ENODEV);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    buffer->index = first;
    buffer->bytesused = SIZE;
    buffer->flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    buffer->timestamp.tv_sec = due.tv_sec;
    buffer->timestamp.tv_usec = due.tv_nsec / 1000;
    for (int at = 0; at < SIZE; at += 2) {
        buffers[first][at] = 16 + 4 * (frame % 50);
        buffers[first][at + 1] = (char)128;
    }
    first = (first + 1) % BUFFERS;
    frame++, queued--;
    due.tv_nsec += 1000000000 / RATE;
    if (due.tv_nsec >= 1000000000) due.tv_sec++, due.tv_nsec -= 1000000000;
    return 0;
}

static void shaped(struct v4l2_pix_format *shape) {
    memset(shape, 0, sizeof *shape);
    shape->width = WIDTH, shape->height = HEIGHT, shape->pixelformat = V4L2_PIX_FMT_YUYV;
    shape->field = V4L2_FIELD_NONE, shape->bytesperline = WIDTH * 2, shape->sizeimage = SIZE;
}

static int asked(unsigned long request, void *given) {
    struct v4l2_capability *can = given;
    struct v4l2_requestbuffers *wanted = given;
    struct v4l2_buffer *buffer = given;
    struct v4l2_streamparm *rate = given;
    switch (request) {
    case VIDIOC_QUERYCAP:
        memset(can, 0, sizeof *can);
        strcpy((char *)can->driver, "made up");
        can->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    case VIDIOC_ENUMINPUT: return ((struct v4l2_input *)given)->index ? fails(EINVAL) : 0;
    case VIDIOC_G_INPUT: *(int *)given = 0; return 0;
    case VIDIOC_S_INPUT: return 0;
    case VIDIOC_G_FMT:
    case VIDIOC_S_FMT: shaped(&((struct v4l2_format *)given)->fmt.pix); return 0;
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        rate->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        rate->parm.capture.timeperframe.numerator = 1;
        rate->parm.capture.timeperframe.denominator = RATE;
        return 0;
    case VIDIOC_REQBUFS:
        wanted->count = BUFFERS;
        for (int at = 0; at < BUFFERS; at++)
            if (!buffers[at]) buffers[at] = malloc(SIZE);
        return 0;
    case VIDIOC_QUERYBUF:
        buffer->length = SIZE, buffer->m.offset = buffer->index * SIZE;
        return 0;
    case VIDIOC_QBUF: queued++; return 0;
    case VIDIOC_DQBUF: return filled(buffer);
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF: return 0;
    default: return fails(ENOTTY);
    }
}

int ioctl(int file, unsigned long request, ...) {
    int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    va_list rest;
    va_start(rest, request);
    void *given = va_arg(rest, void *);
    va_end(rest);
    // the numbers of requests have 32 bits, and come with their sign from some callers
    return file >= 0 && file == camera ? asked(request & 0xffffffff, given) : real(file, request, given);
}
