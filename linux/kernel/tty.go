package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// Termios are the settings of a terminal.
type Termios = unix.Termios

// MakeRaw puts a terminal into raw mode, cfmakeraw(3), and gives its settings
// before that. On what is no terminal it fails.
func MakeRaw(fd int) (*Termios, error) {
	saved, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, os.NewSyscallError("ioctl(TCGETS)", err)
	}
	raw := *saved
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Oflag &^= unix.OPOST
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag = raw.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	return saved, os.NewSyscallError("ioctl(TCSETS)", unix.IoctlSetTermios(fd, unix.TCSETS, &raw))
}

// RestoreTerminal gives a terminal its settings back. One that has gone needs
// none.
func RestoreTerminal(fd int, saved *Termios) {
	_ = unix.IoctlSetTermios(fd, unix.TCSETS, saved)
}

// CopyWinsize gives the terminal to the size of from (ioctl_tty(2)).
func CopyWinsize(from, to int) error {
	ws, err := unix.IoctlGetWinsize(from, unix.TIOCGWINSZ)
	if err != nil {
		return os.NewSyscallError("ioctl(TIOCGWINSZ)", err)
	}
	return os.NewSyscallError("ioctl(TIOCSWINSZ)", unix.IoctlSetWinsize(to, unix.TIOCSWINSZ, ws))
}
