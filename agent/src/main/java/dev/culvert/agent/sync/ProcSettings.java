package dev.culvert.agent.sync;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.Sysctl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernel's own. Any thread, in its network namespace. */
final class ProcSettings implements KernelSettings {
    private static final Path ROOT = Path.of("/proc/sys");

    @Override
    public boolean exists(String path) {
        return Files.exists(ROOT.resolve(path));
    }

    @Override
    public String value(String path) throws IOException {
        return Sysctl.get(path);
    }

    @Override
    public void ensure(String path, String value) throws IOException {
        if (Sysctl.get(path).equals(value)) {
            return;
        }
        try {
            Sysctl.set(path, value);
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.EACCES) || e.errno().equals(Errno.EROFS)) {
                throw new IOException(
                        "no permission to set %s to %s: mount the node's /proc/sys/net at /host/proc/sys/net or set it on the node"
                                .formatted(ROOT.resolve(path), value),
                        e);
            }
            throw e;
        }
    }
}
