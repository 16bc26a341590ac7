package dev.culvert.agent.doctor;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The kernel's version, devices and modules. Stateless. */
final class KernelChecks {
    private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*");

    /** UDP_GRO came with 5.0, namespaces of TUN devices with 5.2, UDP segments in TUN with 6.2. */
    private static final int LEAST = 502;

    private static final int BEST = 602;

    private KernelChecks() {}

    static List<Finding> version(Machine machine) {
        String text = machine.read("/proc/sys/kernel/osrelease").orElse("");
        Matcher numbers = VERSION.matcher(text);
        if (!numbers.matches()) {
            return List.of(Finding.unchecked("kernel", "the version cannot be read"));
        }
        int version = Integer.parseInt(numbers.group(1)) * 100 + Integer.parseInt(numbers.group(2));
        if (version < LEAST) {
            return List.of(
                    Finding.problem(
                            "kernel",
                            "Linux %s is older than 5.2".formatted(text),
                            "Use a newer kernel."));
        }
        return List.of(
                version < BEST
                        ? Finding.warning(
                                "kernel",
                                "Linux %s has no UDP segments in TUN devices (6.2)".formatted(text),
                                "Pods' UDP is slower than with a newer kernel; nothing must be"
                                        + " done.")
                        : Finding.ok("kernel", "Linux %s".formatted(text)));
    }

    static List<Finding> tun(Machine machine) {
        return List.of(
                machine.exists("/dev/net/tun")
                        ? Finding.ok("tun", "/dev/net/tun is there")
                        : Finding.problem(
                                "tun",
                                "there is no /dev/net/tun",
                                "modprobe tun; in a container, mount /dev/net/tun."));
    }

    static List<Finding> conntrack(Machine machine) {
        long most = number(machine, "/proc/sys/net/netfilter/nf_conntrack_max");
        long used = number(machine, "/proc/sys/net/netfilter/nf_conntrack_count");
        if (most <= 0) {
            return List.of(
                    Finding.unchecked("conntrack", "connection tracking is not loaded here"));
        }
        String text = "%d of %d connections are tracked".formatted(used, most);
        return List.of(
                used * 10 >= most * 9
                        ? Finding.problem(
                                "conntrack",
                                text,
                                "Raise net.netfilter.nf_conntrack_max: new connections are about to"
                                        + " be refused.")
                        : Finding.ok("conntrack", text));
    }

    static List<Finding> ipset(Machine machine) {
        boolean loaded =
                machine.exists("/sys/module/ip_set")
                        || machine.lines("/proc/modules").stream()
                                .anyMatch(line -> line.startsWith("ip_set "));
        return List.of(
                loaded
                        ? Finding.ok("ipset", "ip_set is loaded")
                        : Finding.unchecked(
                                "ipset", "ip_set is not loaded, which nothing needs yet"));
    }

    /** Rules of both variants are in force, one after the other, and each tool shows its own. */
    static List<Finding> iptables(Machine machine) {
        List<String> legacy =
                machine.lines("/proc/net/ip_tables_names").stream()
                        .filter(name -> !name.isBlank())
                        .toList();
        boolean nft =
                machine.exists("/sys/module/nf_tables") || machine.exists("/sys/module/nft_compat");
        if (!legacy.isEmpty() && machine.exists("/sys/module/nft_compat")) {
            return List.of(
                    Finding.warning(
                            "iptables",
                            "tables of iptables-legacy (%s) are loaded beside those of iptables-nft"
                                    .formatted(String.join(", ", legacy)),
                            "Compare iptables-legacy-save and iptables-nft-save, and let every"
                                    + " program use one of them."));
        }
        return List.of(
                Finding.ok(
                        "iptables",
                        legacy.isEmpty()
                                ? (nft ? "only nftables is in use" : "no tables are loaded")
                                : "only iptables-legacy is in use"));
    }

    private static long number(Machine machine, String file) {
        try {
            return Long.parseLong(machine.read(file).orElse("0"));
        } catch (NumberFormatException _) {
            return 0;
        }
    }
}
