package invite

// Seal writes any content as a code, for tests.
func Seal(content []byte) string { return group(write(content)) }
