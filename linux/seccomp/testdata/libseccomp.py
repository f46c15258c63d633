# Compiles a profile with the libseccomp of this machine, as runc does:
# libseccomp.py PROFILE OUT writes the filter to OUT and prints the names that
# libseccomp does not know. Exit status 3: there is no libseccomp.
import ctypes, json, os, sys

try:
    lib = ctypes.CDLL("libseccomp.so.2")
except OSError:
    sys.exit(3)


class Arg(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_init.argtypes = [ctypes.c_uint32]
lib.seccomp_arch_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
lib.seccomp_arch_resolve_name.restype = ctypes.c_uint32
lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
lib.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]


def action(name, errno):
    e = 1 if errno is None else errno
    return {"ERRNO": 0x50000 | e, "TRACE": 0x7FF00000 | e, "KILL": 0, "KILL_THREAD": 0, "KILL_PROCESS": 0x80000000,
            "TRAP": 0x30000, "LOG": 0x7FFC0000, "ALLOW": 0x7FFF0000}[name[len("SCMP_ACT_"):]]


def check(ret, what):
    if ret not in (0, -17):  # EEXIST: it is there already
        sys.exit("libseccomp: %s: error %d" % (what, ret))


p = json.load(open(sys.argv[1]))
default = action(p["defaultAction"], p.get("defaultErrnoRet"))
ctx = lib.seccomp_init(default)
for a in p.get("architectures", []):
    check(lib.seccomp_arch_add(ctx, lib.seccomp_arch_resolve_name(a[len("SCMP_ARCH_"):].lower().encode())), a)
ops = ["NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"]
for rule in p["syscalls"]:
    act = action(rule["action"], rule.get("errnoRet"))
    args = [Arg(x["index"], 1 + ops.index(x["op"][len("SCMP_CMP_"):]), x.get("value", 0), x.get("valueTwo", 0)) for x in rule.get("args") or []]
    sets = [args] if len({x.arg for x in args}) == len(args) else [[x] for x in args]
    for name in rule["names"]:
        nr = lib.seccomp_syscall_resolve_name(name.encode())
        if nr == -1:
            print(name)
        elif act != default:
            for s in sets:
                check(lib.seccomp_rule_add_array(ctx, act, nr, len(s), (Arg * len(s))(*s)), name)
fd = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
check(lib.seccomp_export_bpf(ctx, fd), "export")
