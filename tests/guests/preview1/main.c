// Every area of the WASI test suite, by preview 1's own functions. Works in an
// empty directory below the preopen "/", named by the first argument; prints
// what is not as it should be, and exits with 1 if there is anything.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>

typedef __wasi_fd_t fd_t;
typedef __wasi_rights_t rights_t;

#define E(name) __WASI_ERRNO_##name
#define R(name) __WASI_RIGHTS_##name
#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW
#define CREAT __WASI_OFLAGS_CREAT
#define DIRECTORY __WASI_OFLAGS_DIRECTORY
#define TRUNC __WASI_OFLAGS_TRUNC
#define EXCL __WASI_OFLAGS_EXCL
#define ALL (~0ull)
#define RW (R(FD_READ) | R(FD_WRITE) | R(FD_SEEK) | R(FD_TELL) | R(FD_FILESTAT_GET))

static int bad;

static void fail(int line, const char *what, long got, long want) {
	printf("line %d: %s: %ld, not %ld\n", line, what, got, want);
	bad = 1;
}

#define IS(what, want) \
	do { \
		long got_ = (long)(what), want_ = (long)(want); \
		if (got_ != want_) fail(__LINE__, #what, got_, want_); \
	} while (0)
#define OK(what) IS(what, E(SUCCESS))

static fd_t root, dir; // the preopen "/", and where the tests work

static int open_at(fd_t at, int lookup, const char *path, int oflags, rights_t base, int fdflags, fd_t *fd) {
	return __wasi_path_open(at, lookup, path, oflags, base, ALL, fdflags, fd);
}

static int try(const char *path, int lookup, int oflags, rights_t base) {
	fd_t fd;
	int e = open_at(dir, lookup, path, oflags, base, 0, &fd);
	if (!e) OK(__wasi_fd_close(fd));
	return e;
}

static fd_t make(const char *path) {
	fd_t fd = 0;
	OK(open_at(dir, 0, path, CREAT, ALL, 0, &fd));
	return fd;
}

static void touch(const char *path) { OK(__wasi_fd_close(make(path))); }

static int put(fd_t fd, const char *s, size_t n) {
	__wasi_ciovec_t v = {(const uint8_t *)s, n};
	__wasi_size_t done;
	int e = __wasi_fd_write(fd, &v, 1, &done);
	if (!e) IS(done, n);
	return e;
}

static int get(fd_t fd, char *b, size_t n, long want) {
	__wasi_iovec_t v = {(uint8_t *)b, n};
	__wasi_size_t done;
	int e = __wasi_fd_read(fd, &v, 1, &done);
	if (!e) IS(done, want);
	return e;
}

static void processes(void) {
	static uint8_t b[1 << 20];
	__wasi_timestamp_t t, u;
	OK(__wasi_random_get(b, sizeof b));
	int zero = 0;
	for (size_t i = 0; i < sizeof b; i++) zero += !b[i];
	IS(zero > 2048 && zero < 8192, 1);
	OK(__wasi_random_get(b, 0));
	for (int id = 0; id < 4; id++) {
		OK(__wasi_clock_res_get(id, &t));
		IS(t > 0 && t < 100000000, 1);
		OK(__wasi_clock_time_get(id, 0, &t));
		OK(__wasi_clock_time_get(id, 1, &u));
		IS(u >= t, 1);
	}
	IS(__wasi_clock_time_get(4, 0, &t), E(INVAL));
	IS(__wasi_clock_res_get(77, &t), E(INVAL));
	OK(__wasi_sched_yield());
}

static void paths(void) {
	OK(__wasi_path_create_directory(dir, "d"));
	OK(__wasi_path_create_directory(dir, "d/nested"));
	touch("d/nested/f");
	OK(__wasi_path_symlink("d", dir, "tod"));
	OK(__wasi_path_symlink("d/nested/f", dir, "tof"));
	OK(__wasi_path_symlink("none", dir, "dangling"));
	OK(__wasi_path_symlink("loop", dir, "loop"));
	OK(try("d/.//nested/../../d/nested/../nested///./f", 0, 0, 0));
	OK(try("d/nested///", 0, 0, 0));
	IS(try("/d/nested/f", 0, 0, 0), E(PERM));
	IS(try("d/nested/../../../x", 0, 0, 0), E(PERM));
	IS(try("d/nested/f/", 0, 0, 0), E(NOTDIR));
	IS(try("d/nested/f///", 0, 0, 0), E(NOTDIR));
	IS(try("missing", 0, 0, 0), E(NOENT));
	IS(try("tod", 0, DIRECTORY, 0), E(NOTDIR));
	IS(try("tod", 0, 0, 0), E(LOOP));
	OK(try("tod", FOLLOW, DIRECTORY, 0));
	IS(try("tof", FOLLOW, DIRECTORY, 0), E(NOTDIR));
	OK(try("tof", FOLLOW, 0, 0));
	IS(try("dangling", 0, 0, 0), E(LOOP));
	IS(try("dangling", 0, DIRECTORY, 0), E(NOTDIR));
	IS(try("dangling", FOLLOW, 0, 0), E(NOENT));
	IS(try("loop", FOLLOW, 0, 0), E(LOOP));
	IS(try("d/nested/f", 0, CREAT | EXCL, 0), E(EXIST));
	IS(try(".", 0, DIRECTORY, R(FD_READ) | R(FD_WRITE)), E(ISDIR));
	OK(try(".", 0, DIRECTORY, R(FD_READ)));
	fd_t fd = make("d/nested/f");
	IS(open_at(fd, 0, "x", CREAT, 0, 0, &fd), E(NOTDIR));
	OK(open_at(dir, 0, ".", 0, 0, __WASI_FDFLAGS_NONBLOCK, &fd));

	__wasi_filestat_t st;
	OK(__wasi_path_filestat_get(dir, 0, "tod", &st));
	IS(st.filetype, __WASI_FILETYPE_SYMBOLIC_LINK);
	OK(__wasi_path_filestat_get(dir, FOLLOW, "tod", &st));
	IS(st.filetype, __WASI_FILETYPE_DIRECTORY);
	IS(__wasi_path_filestat_get(dir, 0, "/d", &st), E(PERM));
	IS(__wasi_path_filestat_get(dir, FOLLOW, "dangling", &st), E(NOENT));

	uint8_t b[10] = {0};
	__wasi_size_t n;
	OK(__wasi_path_readlink(dir, "tof", b, 4, &n));
	IS(n, 4);
	IS(memcmp(b, "d/ne\0\0", 6), 0);
	IS(__wasi_path_readlink(dir, "d", b, 10, &n), E(INVAL));
	IS(__wasi_path_symlink("/", dir, "x"), E(PERM));
	IS(__wasi_path_symlink("f", dir, "x/"), E(NOENT));
	IS(__wasi_path_symlink("f", dir, "d/"), E(EXIST));
	IS(__wasi_path_symlink("f", dir, "tof"), E(EXIST));

	OK(__wasi_path_link(dir, 0, "d/nested/f", dir, "l"));
	OK(__wasi_path_filestat_get(dir, 0, "l", &st));
	IS(st.nlink, 2);
	OK(__wasi_path_link(dir, 0, "dangling", dir, "m"));
	IS(__wasi_path_link(dir, 0, "l", dir, "m"), E(EXIST));
	IS(__wasi_path_link(dir, 0, "d", dir, "n"), E(PERM));
	IS(__wasi_path_link(dir, 0, "l", dir, "n/"), E(NOENT));
	IS(__wasi_path_link(dir, FOLLOW, "dangling", dir, "n"), E(INVAL));

	IS(__wasi_path_unlink_file(dir, "d"), E(ISDIR));
	IS(__wasi_path_unlink_file(dir, "d/"), E(ISDIR));
	IS(__wasi_path_unlink_file(dir, "l/"), E(NOTDIR));
	IS(__wasi_path_remove_directory(dir, "d"), E(NOTEMPTY));
	IS(__wasi_path_remove_directory(dir, "l"), E(NOTDIR));
	IS(__wasi_path_remove_directory(dir, "l/"), E(NOTDIR));

	OK(__wasi_path_rename(dir, "d/", dir, "e"));
	OK(__wasi_path_create_directory(dir, "empty"));
	IS(__wasi_path_rename(dir, "empty", dir, "e"), E(NOTEMPTY));
	IS(__wasi_path_rename(dir, "empty", dir, "l"), E(NOTDIR));
	IS(__wasi_path_rename(dir, "l", dir, "empty"), E(ISDIR));
	OK(__wasi_path_rename(dir, "e", dir, "empty/"));
	OK(__wasi_path_rename(dir, "l", dir, "m"));
	IS(try("l", 0, 0, 0), E(NOENT));
	OK(__wasi_path_unlink_file(dir, "empty/nested/f"));
	OK(__wasi_path_remove_directory(dir, "empty/nested/"));
	OK(__wasi_path_remove_directory(dir, "empty"));
	const char *rest[] = {"tod", "tof", "dangling", "loop", "m"};
	for (int i = 0; i < 5; i++) OK(__wasi_path_unlink_file(dir, rest[i]));
}

static void files(void) {
	fd_t fd = make("f");
	__wasi_filesize_t pos;
	__wasi_filestat_t st, old;
	__wasi_size_t n;
	char b[200];
	OK(put(fd, "0123456789", 10));
	OK(__wasi_fd_tell(fd, &pos));
	IS(pos, 10);
	OK(__wasi_fd_seek(fd, -4, __WASI_WHENCE_END, &pos));
	IS(pos, 6);
	IS(__wasi_fd_seek(fd, -7, __WASI_WHENCE_CUR, &pos), E(INVAL));
	OK(get(fd, b, sizeof b, 4));
	__wasi_iovec_t v[] = {{(uint8_t *)b, 2}, {(uint8_t *)b + 100, 3}};
	OK(__wasi_fd_pread(fd, v, 2, 1, &n));
	IS(n == 5 && !memcmp(b, "12", 2) && !memcmp(b + 100, "345", 3), 1);
	__wasi_ciovec_t w[] = {{(const uint8_t *)"ab", 2}, {(const uint8_t *)"cde", 3}};
	OK(__wasi_fd_pwrite(fd, w, 2, 20, &n));
	IS(n, 5);
	OK(__wasi_fd_tell(fd, &pos));
	IS(pos, 10);
	OK(__wasi_fd_filestat_get(fd, &st));
	IS(st.size, 25);
	OK(__wasi_fd_advise(fd, 0, 10, __WASI_ADVICE_WILLNEED));
	OK(__wasi_fd_allocate(fd, 20, 20));
	OK(__wasi_fd_allocate(fd, 0, 10));
	OK(__wasi_fd_filestat_get(fd, &st));
	IS(st.size, 40);
	OK(__wasi_fd_filestat_set_size(fd, 100));
	OK(__wasi_fd_filestat_get(fd, &old));
	IS(old.size, 100);
	OK(__wasi_fd_filestat_set_times(fd, 5, old.mtim - 100, __WASI_FSTFLAGS_MTIM));
	OK(__wasi_fd_filestat_get(fd, &st));
	IS(st.mtim == old.mtim - 100 && st.atim == old.atim, 1);
	IS(__wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW), E(INVAL));
	IS(__wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW), E(INVAL));
	OK(__wasi_path_symlink("f", dir, "s"));
	OK(__wasi_path_filestat_set_times(dir, 0, "s", 0, 777, __WASI_FSTFLAGS_MTIM));
	OK(__wasi_path_filestat_get(dir, 0, "s", &st));
	IS(st.mtim, 777);
	OK(__wasi_path_filestat_set_times(dir, FOLLOW, "s", 0, 888, __WASI_FSTFLAGS_MTIM));
	OK(__wasi_fd_filestat_get(fd, &st));
	IS(st.mtim, 888);
	OK(__wasi_path_unlink_file(dir, "s"));
	OK(__wasi_fd_datasync(fd));
	OK(__wasi_fd_sync(fd));
	OK(__wasi_fd_close(fd));
	IS(isatty(fd), 0);

	fd_t ap, plain;
	__wasi_fdstat_t fs;
	OK(open_at(dir, 0, "f", TRUNC, RW | R(FD_FDSTAT_SET_FLAGS), __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_SYNC, &ap));
	OK(__wasi_fd_fdstat_get(ap, &fs));
	IS(fs.fs_flags, __WASI_FDFLAGS_APPEND | __WASI_FDFLAGS_SYNC);
	OK(put(ap, "ab", 2));
	OK(__wasi_fd_seek(ap, 0, __WASI_WHENCE_SET, &pos));
	OK(put(ap, "cd", 2));
	OK(__wasi_fd_tell(ap, &pos));
	IS(pos, 4);
	OK(__wasi_fd_pwrite(ap, w, 1, 0, &n));
	OK(__wasi_fd_tell(ap, &pos));
	IS(pos, 4);
	OK(__wasi_fd_fdstat_set_flags(ap, 0));
	OK(__wasi_fd_seek(ap, 0, __WASI_WHENCE_SET, &pos));
	OK(put(ap, "AB", 2));
	OK(open_at(dir, 0, "f", 0, R(FD_READ), 0, &plain));
	OK(get(plain, b, sizeof b, 6));
	IS(memcmp(b, "ABcdab", 6), 0);
	IS(put(plain, "x", 1), E(NOTCAPABLE));
	OK(__wasi_fd_close(ap));
	OK(__wasi_fd_close(plain));
	OK(open_at(dir, 0, "f", 0, R(FD_WRITE), 0, &plain));
	IS(get(plain, b, 1, 0), E(NOTCAPABLE));
	OK(__wasi_fd_close(plain));
	// Unlinked, and made anew, while open.
	OK(open_at(dir, 0, "f", 0, RW, 0, &plain));
	OK(__wasi_path_unlink_file(dir, "f"));
	touch("f");
	OK(get(plain, b, sizeof b, 6));
	OK(__wasi_fd_close(plain));
	OK(__wasi_path_unlink_file(dir, "f"));
}

static void directories(void) {
	__wasi_filesize_t pos;
	__wasi_filestat_t st;
	__wasi_size_t n;
	char b[8] = "x";
	IS(get(dir, b, 1, 0), E(ISDIR));
	IS(put(dir, b, 1), E(BADF));
	IS(__wasi_fd_seek(dir, 0, __WASI_WHENCE_CUR, &pos), E(ISDIR));
	IS(__wasi_fd_tell(dir, &pos), E(ISDIR));
	IS(__wasi_fd_allocate(dir, 0, 1), E(BADF));
	IS(__wasi_fd_filestat_set_size(dir, 0), E(ISDIR));
	fd_t fd;
	__wasi_fdstat_t fs;
	OK(open_at(dir, 0, ".", DIRECTORY, ALL & ~R(FD_WRITE), 0, &fd));
	OK(__wasi_fd_fdstat_get(fd, &fs));
	IS(fs.fs_filetype, __WASI_FILETYPE_DIRECTORY);
	IS(fs.fs_rights_base & (R(FD_SEEK) | R(FD_FILESTAT_SET_SIZE)), 0);
	OK(__wasi_fd_filestat_get(fd, &st));

	char name[32];
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "file.%d", i);
		touch(name);
	}
	static uint8_t buf[256];
	__wasi_dircookie_t cookie = 0, third = 0;
	int total = 0, dots = 0;
	char after[32] = "";
	for (n = sizeof buf; n == sizeof buf;) {
		OK(__wasi_fd_readdir(fd, buf, sizeof buf, cookie, &n));
		for (__wasi_size_t at = 0; at + sizeof(__wasi_dirent_t) <= n;) {
			__wasi_dirent_t d;
			memcpy(&d, buf + at, sizeof d);
			at += sizeof d;
			if (at + d.d_namlen > n) break;
			if (d.d_namlen == 1 && buf[at] == '.') IS(d.d_ino, st.ino);
			dots += buf[at] == '.';
			if (total == 4) memcpy(after, buf + at, d.d_namlen);
			at += d.d_namlen;
			cookie = d.d_next;
			if (total++ == 3) third = cookie;
		}
	}
	IS(total, 302);
	IS(dots, 2);
	OK(__wasi_fd_readdir(fd, buf, sizeof buf, third, &n));
	IS(memcmp(buf + sizeof(__wasi_dirent_t), after, strlen(after)), 0);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "file.%d", i);
		OK(__wasi_path_unlink_file(dir, name));
	}
	OK(__wasi_fd_close(fd));
	OK(__wasi_path_create_directory(dir, "gone"));
	OK(open_at(dir, 0, "gone", DIRECTORY, ALL & ~R(FD_WRITE), 0, &fd));
	OK(__wasi_path_remove_directory(dir, "gone"));
	IS(open_at(fd, 0, "x", CREAT, 0, 0, &fd), E(NOENT));
}

static void rights(void) {
	__wasi_fdstat_t fs;
	__wasi_filesize_t pos;
	char b[8];
	fd_t fd = make("f"), sub;
	OK(__wasi_fd_fdstat_get(fd, &fs));
	OK(__wasi_fd_fdstat_set_rights(fd, fs.fs_rights_base & ~(R(FD_READ) | R(FD_WRITE)), fs.fs_rights_inheriting));
	IS(get(fd, b, 1, 0), E(NOTCAPABLE));
	IS(put(fd, "x", 1), E(NOTCAPABLE));
	OK(__wasi_fd_seek(fd, 0, __WASI_WHENCE_SET, &pos));
	IS(__wasi_fd_fdstat_set_rights(fd, fs.fs_rights_base, fs.fs_rights_inheriting), E(NOTCAPABLE));
	OK(__wasi_path_create_directory(dir, "d"));
	OK(open_at(dir, 0, "d", DIRECTORY, R(PATH_OPEN) | R(PATH_CREATE_FILE) | R(PATH_FILESTAT_SET_SIZE), 0, &sub));
	OK(open_at(sub, 0, "g", CREAT, 0, 0, &fd));
	OK(open_at(sub, 0, "g", TRUNC, 0, 0, &fd));
	OK(__wasi_fd_fdstat_get(sub, &fs));
	OK(__wasi_fd_fdstat_set_rights(sub, fs.fs_rights_base & ~(R(PATH_FILESTAT_SET_SIZE) | R(PATH_CREATE_FILE)), fs.fs_rights_inheriting));
	IS(open_at(sub, 0, "g", TRUNC, 0, 0, &fd), E(NOTCAPABLE));
	IS(open_at(sub, 0, "h", CREAT, 0, 0, &fd), E(NOTCAPABLE));
	IS(__wasi_path_unlink_file(sub, "g"), E(NOTCAPABLE));
	OK(__wasi_path_unlink_file(dir, "d/g"));
	OK(__wasi_path_remove_directory(dir, "d"));
	OK(__wasi_path_unlink_file(dir, "f"));
}

static void numbers(void) {
	__wasi_fdstat_t fs;
	__wasi_prestat_t pre;
	uint8_t name[64];
	fd_t a = make("a"), b = make("b");
	OK(__wasi_fd_renumber(a, b));
	IS(__wasi_fd_close(a), E(BADF));
	OK(__wasi_fd_fdstat_get(b, &fs));
	IS(__wasi_fd_renumber(b, a), E(BADF));
	OK(__wasi_fd_close(b));
	OK(__wasi_path_unlink_file(dir, "a"));
	OK(__wasi_path_unlink_file(dir, "b"));

	OK(__wasi_fd_prestat_get(root, &pre));
	IS(pre.tag, __WASI_PREOPENTYPE_DIR);
	IS(pre.u.dir.pr_name_len, 1);
	IS(__wasi_fd_prestat_dir_name(root, name, 0), E(NAMETOOLONG));
	OK(__wasi_fd_prestat_dir_name(root, name, 2));
	IS(__wasi_fd_prestat_get(77, &pre), E(BADF));

	// Over a preopen, over stdio.
	OK(__wasi_path_open(root, 0, ".", DIRECTORY, 0, 0, 0, &a));
	OK(__wasi_fd_renumber(a, root));
	IS(__wasi_fd_prestat_get(root, &pre), E(BADF));
	OK(__wasi_fd_close(root));
	IS(__wasi_fd_fdstat_get(root, &fs), E(BADF));
	a = make("a");
	OK(__wasi_fd_renumber(0, a));
	IS(__wasi_fd_fdstat_get(0, &fs), E(BADF));
	OK(__wasi_fd_fdstat_get(a, &fs));
	OK(__wasi_path_unlink_file(dir, "a"));
}

int main(int argc, char **argv) {
	uint8_t name[2];
	__wasi_prestat_t pre;
	for (root = 3; !__wasi_fd_prestat_get(root, &pre); root++)
		if (pre.tag == 0 && pre.u.dir.pr_name_len == 1 && !__wasi_fd_prestat_dir_name(root, name, 1) && name[0] == '/') break;
	OK(__wasi_path_open(root, 0, argv[1], DIRECTORY, ALL & ~R(FD_WRITE), ALL, 0, &dir));
	processes();
	paths();
	files();
	directories();
	rights();
	numbers();
	puts(bad ? "bad" : "good");
	return bad;
}
