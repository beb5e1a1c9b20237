/* ONNX Runtime called from C in a loop, as its own onnxruntime_perf_test does: the time of Run alone.
 *
 *     onnxruntime_loop LIBRARY MODEL INPUT OUTPUT BATCH SECONDS
 *
 * prints the nanoseconds of every call, a line each. One thread, no spinning workers, all graph
 * optimisations; input and output are tensors over buffers that stay where they are. The library is
 * the one inside ONNX Runtime's Python package, which comes without its header: functions are taken
 * by their place in OrtApi, which only ever grows at its end (onnxruntime_c_api.h).
 */

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { API_VERSION = 16, SIDE = 48, CLASSES = 7 };
enum { LOG_ERROR = 3, OPTIMISE_ALL = 99, ARENA_ALLOCATOR = 1, DEFAULT_MEMORY = 0 };
enum { TYPE_FLOAT = 1, TYPE_UINT8 = 2 };

enum place {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION = 7,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    SET_OPTIMISATION = 23,
    SET_INTRA_OP_THREADS = 24,
    SET_INTER_OP_THREADS = 25,
    CREATE_TENSOR_WITH_DATA = 49,
    CREATE_CPU_MEMORY_INFO = 69,
};

typedef void *status;
typedef struct {
    void *const *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} api_base;

static void *const *api;

static void check(status failed)
{
    if (failed) {
        const char *(*message)(status) = (const char *(*)(status))api[GET_ERROR_MESSAGE];
        fprintf(stderr, "%s\n", message(failed));
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void *tensor(void *memory, void *data, size_t bytes, const int64_t *shape, size_t rank, int type)
{
    typedef status create(void *, void *, size_t, const int64_t *, size_t, int, void **);
    void *made = NULL;
    check(((create *)api[CREATE_TENSOR_WITH_DATA])(memory, data, bytes, shape, rank, type, &made));
    return made;
}

int main(int count, char **given)
{
    if (count != 7) {
        fprintf(stderr, "usage: %s LIBRARY MODEL INPUT OUTPUT BATCH SECONDS\n", given[0]);
        return 2;
    }
    void *library = dlopen(given[1], RTLD_NOW);
    const api_base *(*get_base)(void) =
        library ? (const api_base *(*)(void))dlsym(library, "OrtGetApiBase") : NULL;
    api = get_base ? get_base()->get_api(API_VERSION) : NULL;
    if (!api) {
        fprintf(stderr, "%s is not ONNX Runtime\n", given[1]);
        return 1;
    }

    void *environment, *options, *session, *memory;
    check(((status(*)(int, const char *, void **))api[CREATE_ENV])(LOG_ERROR, "loop", &environment));
    check(((status(*)(void **))api[CREATE_SESSION_OPTIONS])(&options));
    check(((status(*)(void *, int))api[SET_OPTIMISATION])(options, OPTIMISE_ALL));
    check(((status(*)(void *, int))api[SET_INTRA_OP_THREADS])(options, 1));
    check(((status(*)(void *, int))api[SET_INTER_OP_THREADS])(options, 1));
    check(((status(*)(void *, const char *, void *, void **))api[CREATE_SESSION])(
        environment, given[2], options, &session));
    check(((status(*)(int, int, void **))api[CREATE_CPU_MEMORY_INFO])(
        ARENA_ALLOCATOR, DEFAULT_MEMORY, &memory));

    int64_t batch = atoll(given[5]);
    size_t pixels = (size_t)batch * SIDE * SIDE, answers = (size_t)batch * CLASSES;
    uint8_t *faces = malloc(pixels);
    float *logits = malloc(answers * sizeof *logits);
    for (size_t at = 0; at < pixels; at++)
        faces[at] = (uint8_t)(at * 2654435761u >> 24);
    int64_t face_shape[] = {batch, 1, SIDE, SIDE}, logit_shape[] = {batch, CLASSES};
    const void *inputs[] = {tensor(memory, faces, pixels, face_shape, 4, TYPE_UINT8)};
    void *outputs[] = {
        tensor(memory, logits, answers * sizeof *logits, logit_shape, 2, TYPE_FLOAT)};
    const char *input_names[] = {given[3]}, *output_names[] = {given[4]};

    typedef status run(void *, const void *, const char *const *, const void *const *, size_t,
                       const char *const *, size_t, void **);
    run *call = (run *)api[RUN];
    int64_t duration = (int64_t)(atof(given[6]) * 1e9), settle = duration / 10;
    for (int64_t start = now_ns(); now_ns() < start + settle;)
        check(call(session, NULL, input_names, inputs, 1, output_names, 1, outputs));
    for (int64_t start = now_ns(), before = start; before < start + duration;) {
        before = now_ns();
        check(call(session, NULL, input_names, inputs, 1, output_names, 1, outputs));
        printf("%lld\n", (long long)(now_ns() - before));
    }
    return 0;
}
