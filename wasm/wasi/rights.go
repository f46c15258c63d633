package wasi

// Rights say what may be done with a descriptor (rights in preview 1's witx).
type Rights uint64

const (
	RightFdDatasync Rights = 1 << iota
	RightFdRead
	RightFdSeek
	RightFdFdstatSetFlags
	RightFdSync
	RightFdTell
	RightFdWrite
	RightFdAdvise
	RightFdAllocate
	RightPathCreateDirectory
	RightPathCreateFile
	RightPathLinkSource
	RightPathLinkTarget
	RightPathOpen
	RightFdReaddir
	RightPathReadlink
	RightPathRenameSource
	RightPathRenameTarget
	RightPathFilestatGet
	RightPathFilestatSetSize
	RightPathFilestatSetTimes
	RightFdFilestatGet
	RightFdFilestatSetSize
	RightFdFilestatSetTimes
	RightPathSymlink
	RightPathRemoveDirectory
	RightPathUnlinkFile
	RightPollFdReadwrite
	RightSockShutdown
	RightSockAccept
)

const (
	allRights = RightSockAccept<<1 - 1

	// What makes sense of each kind of descriptor.
	fileRights = RightFdDatasync | RightFdRead | RightFdSeek | RightFdFdstatSetFlags | RightFdSync | RightFdTell | RightFdWrite |
		RightFdAdvise | RightFdAllocate | RightFdFilestatGet | RightFdFilestatSetSize | RightFdFilestatSetTimes | RightPollFdReadwrite
	dirRights = RightFdFdstatSetFlags | RightFdSync | RightFdDatasync | RightFdAdvise | RightPathCreateDirectory | RightPathCreateFile |
		RightPathLinkSource | RightPathLinkTarget | RightPathOpen | RightFdReaddir | RightPathReadlink | RightPathRenameSource |
		RightPathRenameTarget | RightPathFilestatGet | RightPathFilestatSetSize | RightPathFilestatSetTimes | RightFdFilestatGet |
		RightFdFilestatSetTimes | RightPathSymlink | RightPathRemoveDirectory | RightPathUnlinkFile | RightPollFdReadwrite
	streamRights = RightFdRead | RightFdWrite | RightFdFdstatSetFlags | RightFdFilestatGet | RightPollFdReadwrite
	sockRights   = streamRights | RightSockShutdown
	listenRights = RightFdFdstatSetFlags | RightFdFilestatGet | RightPollFdReadwrite | RightSockAccept | RightSockShutdown | RightFdRead | RightFdWrite

	// What changes the file system.
	writeRights = RightFdWrite | RightFdAllocate | RightPathCreateDirectory | RightPathCreateFile | RightPathLinkSource |
		RightPathLinkTarget | RightPathRenameSource | RightPathRenameTarget | RightPathFilestatSetSize | RightPathFilestatSetTimes |
		RightFdFilestatSetSize | RightFdFilestatSetTimes | RightPathSymlink | RightPathRemoveDirectory | RightPathUnlinkFile
)
