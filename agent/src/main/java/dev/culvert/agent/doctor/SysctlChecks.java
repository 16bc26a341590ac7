package dev.culvert.agent.doctor;

import java.util.ArrayList;
import java.util.List;

/** Kernel parameters of the network. Stateless. */
final class SysctlChecks {
    private static final String IPV4 = "/proc/sys/net/ipv4/";
    private static final String BRIDGED = "/proc/sys/net/bridge/bridge-nf-call-iptables";

    private SysctlChecks() {}

    static List<Finding> forwarding(Machine machine) {
        String value = machine.read(IPV4 + "ip_forward").orElse("");
        return List.of(
                value.equals("1")
                        ? Finding.ok("forwarding", "net.ipv4.ip_forward is 1")
                        : Finding.problem(
                                "forwarding",
                                "net.ipv4.ip_forward is '%s', so that no pod reaches another node"
                                        .formatted(value),
                                "sysctl -w net.ipv4.ip_forward=1; the agent does it too: look for"
                                        + " who takes it back, such as a file in /etc/sysctl.d."));
    }

    static List<Finding> bridged(Machine machine) {
        String value = machine.read(BRIDGED).orElse("");
        if (value.equals("1")) {
            return List.of(Finding.ok("br_netfilter", "bridge-nf-call-iptables is 1"));
        }
        return List.of(
                Finding.warning(
                        "br_netfilter",
                        value.isEmpty()
                                ? "br_netfilter is not loaded"
                                : "bridge-nf-call-iptables is " + value,
                        "modprobe br_netfilter: without it Services do not work between pods of"
                                + " the same node."));
    }

    /** The larger of the value for all and that of the interface counts; 1 is strict. */
    static Check reversePath(String tunnel) {
        return machine -> {
            List<Finding> findings = new ArrayList<>();
            int all = filter(machine, "all");
            for (String name : machine.list(IPV4 + "conf")) {
                boolean special = name.equals("all") || name.equals("default");
                int own = Math.max(all, filter(machine, name));
                if (!special && own == 1 && name.equals(tunnel)) {
                    findings.add(
                            Finding.problem(
                                    "rp_filter",
                                    "rp_filter of %s is strict, which drops what the agent answers"
                                            .formatted(name),
                                    "sysctl -w net/ipv4/conf/%s/rp_filter=2, and look for who sets"
                                                    .formatted(name)
                                            + " it to 1."));
                }
            }
            return findings.isEmpty()
                    ? List.of(Finding.ok("rp_filter", tunnel + " is not filtered strictly"))
                    : findings;
        };
    }

    private static int filter(Machine machine, String name) {
        String text = machine.read(IPV4 + "conf/" + name + "/rp_filter").orElse("0");
        return text.matches("[0-2]") ? Integer.parseInt(text) : 0;
    }
}
