package dev.culvert.agent.doctor;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Who holds a port of this node: the agent, the kernel, or another program. Immutable.
 *
 * @param protocol {@code udp} or {@code tcp}
 */
record PortCheck(String protocol, int port, String setting) implements Check {
    private static final String LISTENING = "0A";

    @Override
    public List<Finding> look(Machine machine) {
        String suffix = ":%04X".formatted(port);
        List<String> inodes =
                Stream.of(protocol, protocol + "6")
                        .flatMap(name -> machine.lines("/proc/net/" + name).stream())
                        .map(line -> line.strip().split("\\s+", -1))
                        .filter(words -> words.length > 9 && words[1].endsWith(suffix))
                        .filter(words -> protocol.equals("udp") || words[3].equals(LISTENING))
                        .map(words -> words[9])
                        .distinct()
                        .toList();
        String name = "port " + port + "/" + protocol;
        if (inodes.isEmpty()) {
            return List.of(Finding.ok(name, "nobody holds it"));
        }
        if (inodes.contains("0")) {
            return List.of(
                    Finding.problem(
                            name,
                            "the kernel holds it, such as a vxlan device of another pod network",
                            "Remove the device (ip -d link show type vxlan) or set another %s."
                                    .formatted(setting)));
        }
        return List.of(held(machine, name, inodes));
    }

    private Finding held(Machine machine, String name, List<String> inodes) {
        for (String process : machine.list("/proc")) {
            if (process.chars().allMatch(Character::isDigit)
                    && holds(machine, "/proc/" + process + "/fd", inodes)) {
                String line = machine.read("/proc/" + process + "/cmdline").orElse("");
                String command = line.replace('\0', ' ').strip();
                String who = "process %s (%s)".formatted(process, shortened(command));
                return command.toLowerCase(Locale.ROOT).contains("culvert")
                        ? Finding.ok(name, "held by " + who)
                        : Finding.problem(
                                name,
                                "held by " + who,
                                "Stop that program or set another %s.".formatted(setting));
            }
        }
        return Finding.unchecked(
                name, "a process holds it that cannot be seen from here: look with ss -anp");
    }

    private static boolean holds(Machine machine, String directory, List<String> inodes) {
        return machine.list(directory).stream()
                .map(each -> machine.link(directory + "/" + each))
                .anyMatch(link -> inodes.stream().anyMatch(i -> link.equals("socket:[" + i + "]")));
    }

    private static String shortened(String command) {
        return command.length() <= 80 ? command : command.substring(0, 80) + "...";
    }
}
