// edgev1 is edge in the first version of WasmEdge's sockets.
#define V1
#include "../edge/main.c"
