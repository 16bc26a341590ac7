package dev.culvert.agent.runtime;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What a container runtime may take for a machine: a network namespace that is given, with mounts,
 * processes and control groups of its own. Nothing that runs inside survives {@link #close}, and
 * nothing of it shows outside but the folder that it is given. The usual places of CNI are there:
 * {@code /etc/cni/net.d}, {@code /opt/cni/bin} (with Debian's plugins), {@code /var/lib/cni} and
 * {@code /run/culvert} are {@link #confDirectory}, {@link #binDirectory}, {@link #cacheDirectory}
 * and {@link #runDirectory}. One thread starts and closes it; any may run commands.
 */
public final class RuntimeNode implements AutoCloseable {
    private static final Path PLUGINS = Path.of("/usr/lib/cni");

    /**
     * Arguments: the folder, the control group's name, the first process. A folder that the machine
     * does not have is made in a copy, out of links, of the one above it.
     */
    private static final String PREPARE =
            """
            own() {
              if [ -d "$1/$2" ]; then
                mount -t tmpfs -o mode=755 tmpfs "$1/$2"
              else
                mkdir -p "/run/original$1"
                mount --rbind "$1" "/run/original$1"
                mount -t tmpfs -o mode=755 tmpfs "$1"
                for each in "/run/original$1"/* "/run/original$1"/.[!.]*; do
                  [ ! -e "$each" ] || ln -s "$each" "$1/"
                done
                mkdir "$1/$2"
              fi
            }
            show() {
              mkdir -p "$2"
              mount --bind "$1" "$2"
            }
            mount -t tmpfs -o mode=755 tmpfs /run
            mkdir /run/netns
            own /etc cni
            own /opt cni
            own /var/lib cni
            show "$1/run" /run/culvert
            show "$1/conf" /etc/cni/net.d
            show "$1/bin" /opt/cni/bin
            show "$1/cache" /var/lib/cni
            mount -t sysfs sysfs /sys
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
            mkdir "/sys/fs/cgroup/$2"
            echo 0 >"/sys/fs/cgroup/$2/cgroup.procs"
            exec unshare --cgroup sh -ec '
              umount /sys/fs/cgroup
              mount -t cgroup2 cgroup2 /sys/fs/cgroup
              echo ready
              exec "$1" </dev/null >/dev/null 2>&1' sh "$3"
            """;

    /** What the first process cannot do any more: from outside, in mounts of its own. */
    private static final String REMOVE_GROUP =
            """
            mount -t cgroup2 cgroup2 /sys/fs/cgroup
            [ ! -d "/sys/fs/cgroup/$1" ] || find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} +
            """;

    private static final String JOIN_GROUP = "echo 0 >/sys/fs/cgroup/cgroup.procs; exec \"$@\"";

    private final Path directory;
    private final String group;
    private final Process process;
    private final long firstPid;

    private RuntimeNode(Path directory, String group, Process process, long firstPid) {
        this.directory = directory;
        this.group = group;
        this.process = process;
        this.firstPid = firstPid;
    }

    /**
     * @param namespace its network, which stays the caller's
     * @param directory where its files are
     * @param init the program of its first process
     */
    static RuntimeNode start(NetworkNamespace namespace, Path directory, Path init)
            throws IOException {
        for (String each : List.of("run", "conf", "bin", "cache")) {
            Files.createDirectories(directory.resolve(each));
        }
        linkPlugins(directory.resolve("bin"));
        String group = "culvert-test-" + namespace.inode();
        List<String> command =
                new ArrayList<>(List.of("nsenter", "--net=" + namespace.path(), "--", "unshare"));
        command.addAll(List.of("--mount", "--propagation", "private", "--pid", "--fork"));
        command.addAll(List.of("--kill-child=KILL", "--mount-proc", "--", "sh", "-ec", PREPARE));
        command.addAll(List.of("sh", directory.toString(), group, init.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            awaitReady(process);
            long first = process.children().findFirst().orElseThrow().pid();
            return new RuntimeNode(directory, group, process, first);
        } catch (IOException e) {
            end(process, group);
            throw e;
        }
    }

    private static void linkPlugins(Path bin) throws IOException {
        try (var plugins = Files.newDirectoryStream(PLUGINS)) {
            for (Path each : plugins) {
                Files.createSymbolicLink(bin.resolve(each.getFileName()), each);
            }
        }
    }

    private static void awaitReady(Process process) throws IOException {
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); !"ready".equals(line); line = output.readLine()) {
            if (line == null) {
                throw new IOException("the namespaces cannot be made: " + said);
            }
            said.append(line).append('\n');
        }
    }

    /** The words that run a command inside. */
    List<String> enter(String... command) {
        List<String> words =
                new ArrayList<>(
                        List.of("nsenter", "--target", "" + firstPid, "--mount", "--net", "--pid"));
        words.addAll(List.of("--cgroup", "--", "sh", "-ec", JOIN_GROUP, "sh"));
        words.addAll(List.of(command));
        return words;
    }

    /** Runs a command inside to its end and returns what it printed. */
    public String run(String... command) throws IOException {
        return Shell.run(enter(command));
    }

    /** A file inside, as seen from outside. */
    public Path file(String path) {
        return Path.of("/proc/" + firstPid + "/root" + path);
    }

    /** {@code /run/culvert}. */
    public Path runDirectory() {
        return directory.resolve("run");
    }

    /** {@code /etc/cni/net.d}. */
    public Path confDirectory() {
        return directory.resolve("conf");
    }

    /** {@code /opt/cni/bin}. */
    public Path binDirectory() {
        return directory.resolve("bin");
    }

    /** {@code /var/lib/cni}. */
    public Path cacheDirectory() {
        return directory.resolve("cache");
    }

    /** Its folder. */
    Path directory() {
        return directory;
    }

    @Override
    public void close() throws IOException {
        end(process, group);
        try (var plugins = Files.newDirectoryStream(binDirectory(), Files::isSymbolicLink)) {
            for (Path each : plugins) {
                Files.delete(each); // or whoever removes the folder would warn of each
            }
        }
    }

    /**
     * With the first process the kernel ends all others of its process namespace, and the one that
     * started it ends when they are gone.
     */
    private static void end(Process process, String group) throws IOException {
        process.children().forEach(ProcessHandle::destroyForcibly);
        process.onExit().completeOnTimeout(process, 60, TimeUnit.SECONDS).join().destroyForcibly();
        List<String> command =
                new ArrayList<>(List.of("unshare", "--mount", "--propagation", "private", "--"));
        command.addAll(List.of("sh", "-ec", REMOVE_GROUP, "sh", group));
        Shell.run(command);
    }
}
