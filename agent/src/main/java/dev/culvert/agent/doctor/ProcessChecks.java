package dev.culvert.agent.doctor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What this process, and with it an agent in the same container, may do. Stateless. */
final class ProcessChecks {
    private static final int NET_ADMIN = 12;
    private static final int NET_RAW = 13;
    private static final int SYS_ADMIN = 21;

    private ProcessChecks() {}

    static List<Finding> capabilities(Machine machine) {
        String mask =
                machine.lines("/proc/self/status").stream()
                        .filter(line -> line.startsWith("CapEff:"))
                        .map(line -> line.substring("CapEff:".length()).strip())
                        .findFirst()
                        .orElse("");
        if (!mask.matches("[0-9a-f]{1,16}")) {
            return List.of(Finding.unchecked("capabilities", "they cannot be read"));
        }
        long bits = Long.parseUnsignedLong(mask, 16);
        List<String> missing = new ArrayList<>();
        require(bits, NET_ADMIN, "NET_ADMIN", missing);
        require(bits, SYS_ADMIN, "SYS_ADMIN", missing);
        require(bits, NET_RAW, "NET_RAW", missing);
        return List.of(
                missing.isEmpty()
                        ? Finding.ok("capabilities", "NET_ADMIN, SYS_ADMIN and NET_RAW are there")
                        : Finding.problem(
                                "capabilities",
                                "missing: " + String.join(", ", missing),
                                "Be root, or add them to the container's securityContext."));
    }

    private static void require(long bits, int number, String name, List<String> missing) {
        if ((bits >> number & 1) == 0) {
            missing.add(name);
        }
    }

    static Check directory(Path directory) {
        return machine -> {
            Path existing = machine.path(directory.toString());
            while (!Files.exists(existing) && existing.getParent() != null) {
                existing = existing.getParent();
            }
            return List.of(
                    Files.isWritable(existing)
                            ? Finding.ok("files", directory + " can be written")
                            : Finding.problem(
                                    "files",
                                    directory + " cannot be written",
                                    "Mount the node's /run/culvert there, writable."));
        };
    }

    static List<Finding> parameters(Machine machine) {
        boolean fixed =
                machine.lines("/proc/self/mounts").stream()
                        .map(line -> line.split(" ", -1))
                        .anyMatch(
                                words ->
                                        words.length > 3
                                                && words[1].equals("/proc/sys")
                                                && List.of(words[3].split(",", -1)).contains("ro"));
        return List.of(
                fixed
                        ? Finding.warning(
                                "parameters",
                                "/proc/sys is read-only here",
                                "The agent cannot set ip_forward and rp_filter: mount the host's"
                                        + " /proc/sys/net writable, or set them on the node.")
                        : Finding.ok("parameters", "/proc/sys can be written"));
    }
}
