// Reads the files it is given and prints what is in them; with a first argument
// of "w", writes "new" to them.
//   clang --target=wasm32-wasi -Oz -Wl,--strip-all -o paths.wasm paths.c
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void say(const char *s) { write(1, s, strlen(s)); }

int main(int argc, char **argv) {
	int w = argc > 1 && !strcmp(argv[1], "w");
	for (int i = 1 + w; i < argc; i++) {
		char b[64];
		int fd = open(argv[i], w ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0644);
		ssize_t n = fd < 0 ? -1 : w ? write(fd, "new", 3) : read(fd, b, sizeof b);
		say(argv[i]);
		say(n < 0 ? "!" : "=");
		if (n > 0 && !w)
			write(1, b, n);
		say(" ");
		close(fd);
	}
}
