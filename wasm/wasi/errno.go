package wasi

import "syscall"

// Errno is an error of WASI preview 1 (errno in its witx), 0 is success.
type Errno uint32

const (
	esuccess        Errno = 0
	e2big           Errno = 1
	eacces          Errno = 2
	eaddrinuse      Errno = 3
	eaddrnotavail   Errno = 4
	eafnosupport    Errno = 5
	eagain          Errno = 6
	ealready        Errno = 7
	ebadf           Errno = 8
	ebadmsg         Errno = 9
	ebusy           Errno = 10
	ecanceled       Errno = 11
	echild          Errno = 12
	econnaborted    Errno = 13
	econnrefused    Errno = 14
	econnreset      Errno = 15
	edeadlk         Errno = 16
	edestaddrreq    Errno = 17
	edom            Errno = 18
	edquot          Errno = 19
	eexist          Errno = 20
	efault          Errno = 21
	efbig           Errno = 22
	ehostunreach    Errno = 23
	eidrm           Errno = 24
	eilseq          Errno = 25
	einprogress     Errno = 26
	eintr           Errno = 27
	einval          Errno = 28
	eio             Errno = 29
	eisconn         Errno = 30
	eisdir          Errno = 31
	eloop           Errno = 32
	emfile          Errno = 33
	emlink          Errno = 34
	emsgsize        Errno = 35
	emultihop       Errno = 36
	enametoolong    Errno = 37
	enetdown        Errno = 38
	enetreset       Errno = 39
	enetunreach     Errno = 40
	enfile          Errno = 41
	enobufs         Errno = 42
	enodev          Errno = 43
	enoent          Errno = 44
	enoexec         Errno = 45
	enolck          Errno = 46
	enolink         Errno = 47
	enomem          Errno = 48
	enomsg          Errno = 49
	enoprotoopt     Errno = 50
	enospc          Errno = 51
	enosys          Errno = 52
	enotconn        Errno = 53
	enotdir         Errno = 54
	enotempty       Errno = 55
	enotrecoverable Errno = 56
	enotsock        Errno = 57
	enotsup         Errno = 58
	enotty          Errno = 59
	enxio           Errno = 60
	eoverflow       Errno = 61
	eownerdead      Errno = 62
	eperm           Errno = 63
	epipe           Errno = 64
	eproto          Errno = 65
	eprotonosupport Errno = 66
	eprototype      Errno = 67
	erange          Errno = 68
	erofs           Errno = 69
	espipe          Errno = 70
	esrch           Errno = 71
	estale          Errno = 72
	etimedout       Errno = 73
	etxtbsy         Errno = 74
	exdev           Errno = 75
	enotcapable     Errno = 76
)

// errnoOf gives WASI's name for an error of Linux; those it has no name for are
// EIO.
func errnoOf(e syscall.Errno) Errno {
	// On amd64 and arm64, the only architectures with wazero's compiler, Linux
	// has the same numbers (asm-generic/errno.h).
	switch e {
	case 0:
		return esuccess
	case syscall.E2BIG:
		return e2big
	case syscall.EACCES:
		return eacces
	case syscall.EADDRINUSE:
		return eaddrinuse
	case syscall.EADDRNOTAVAIL:
		return eaddrnotavail
	case syscall.EAFNOSUPPORT:
		return eafnosupport
	case syscall.EAGAIN:
		return eagain
	case syscall.EALREADY:
		return ealready
	case syscall.EBADF:
		return ebadf
	case syscall.EBADMSG:
		return ebadmsg
	case syscall.EBUSY:
		return ebusy
	case syscall.ECANCELED:
		return ecanceled
	case syscall.ECHILD:
		return echild
	case syscall.ECONNABORTED:
		return econnaborted
	case syscall.ECONNREFUSED:
		return econnrefused
	case syscall.ECONNRESET:
		return econnreset
	case syscall.EDEADLK:
		return edeadlk
	case syscall.EDESTADDRREQ:
		return edestaddrreq
	case syscall.EDOM:
		return edom
	case syscall.EDQUOT:
		return edquot
	case syscall.EEXIST:
		return eexist
	case syscall.EFAULT:
		return efault
	case syscall.EFBIG:
		return efbig
	case syscall.EHOSTUNREACH:
		return ehostunreach
	case syscall.EIDRM:
		return eidrm
	case syscall.EILSEQ:
		return eilseq
	case syscall.EINPROGRESS:
		return einprogress
	case syscall.EINTR:
		return eintr
	case syscall.EINVAL:
		return einval
	case syscall.EISCONN:
		return eisconn
	case syscall.EISDIR:
		return eisdir
	case syscall.ELOOP:
		return eloop
	case syscall.EMFILE:
		return emfile
	case syscall.EMLINK:
		return emlink
	case syscall.EMSGSIZE:
		return emsgsize
	case syscall.EMULTIHOP:
		return emultihop
	case syscall.ENAMETOOLONG:
		return enametoolong
	case syscall.ENETDOWN:
		return enetdown
	case syscall.ENETRESET:
		return enetreset
	case syscall.ENETUNREACH:
		return enetunreach
	case syscall.ENFILE:
		return enfile
	case syscall.ENOBUFS:
		return enobufs
	case syscall.ENODEV:
		return enodev
	case syscall.ENOENT:
		return enoent
	}
	return errnoOfRest(e)
}

func errnoOfRest(e syscall.Errno) Errno {
	switch e {
	case syscall.ENOEXEC:
		return enoexec
	case syscall.ENOLCK:
		return enolck
	case syscall.ENOLINK:
		return enolink
	case syscall.ENOMEM:
		return enomem
	case syscall.ENOMSG:
		return enomsg
	case syscall.ENOPROTOOPT:
		return enoprotoopt
	case syscall.ENOSPC:
		return enospc
	case syscall.ENOSYS:
		return enosys
	case syscall.ENOTCONN:
		return enotconn
	case syscall.ENOTDIR:
		return enotdir
	case syscall.ENOTEMPTY:
		return enotempty
	case syscall.ENOTRECOVERABLE:
		return enotrecoverable
	case syscall.ENOTSOCK:
		return enotsock
	case syscall.EOPNOTSUPP:
		return enotsup
	case syscall.ENOTTY:
		return enotty
	case syscall.ENXIO:
		return enxio
	case syscall.EOVERFLOW:
		return eoverflow
	case syscall.EOWNERDEAD:
		return eownerdead
	case syscall.EPERM:
		return eperm
	case syscall.EPIPE:
		return epipe
	case syscall.EPROTO:
		return eproto
	case syscall.EPROTONOSUPPORT:
		return eprotonosupport
	case syscall.EPROTOTYPE:
		return eprototype
	case syscall.ERANGE:
		return erange
	case syscall.EROFS:
		return erofs
	case syscall.ESPIPE:
		return espipe
	case syscall.ESRCH:
		return esrch
	case syscall.ESTALE:
		return estale
	case syscall.ETIMEDOUT:
		return etimedout
	case syscall.ETXTBSY:
		return etxtbsy
	case syscall.EXDEV:
		return exdev
	}
	return eio
}
