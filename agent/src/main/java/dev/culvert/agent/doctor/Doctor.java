package dev.culvert.agent.doctor;

import dev.culvert.agent.config.AgentConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** All checks, in the order in which a node needs what they look at. Stateless. */
public final class Doctor {
    private static final Path USUAL_CONF_DIR = Path.of("/etc/cni/net.d");

    private Doctor() {}

    /** The checks of files that are the same for everybody who looks. */
    public static List<Check> checks(AgentConfig config) {
        Path lists = config.cniFiles().isEnabled() ? config.cniFiles().confDir() : USUAL_CONF_DIR;
        return List.of(
                KernelChecks::version,
                KernelChecks::tun,
                ProcessChecks::capabilities,
                ProcessChecks.directory(config.runDir()),
                ProcessChecks::parameters,
                SysctlChecks::forwarding,
                SysctlChecks.reversePath(config.tunnel()),
                SysctlChecks::bridged,
                KernelChecks::iptables,
                KernelChecks::ipset,
                KernelChecks::conntrack,
                new PortCheck("udp", config.port(), "port"),
                new PortCheck("tcp", config.httpPort(), "httpPort"),
                new CniConfigCheck(lists));
    }

    /** What all of them find. */
    public static List<Finding> examine(Machine machine, List<Check> checks) {
        List<Finding> findings = new ArrayList<>();
        checks.forEach(check -> findings.addAll(check.look(machine)));
        return findings;
    }
}
