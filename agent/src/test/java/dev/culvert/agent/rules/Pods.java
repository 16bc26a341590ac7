package dev.culvert.agent.rules;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.attachment.PodAttachment;
import dev.culvert.agent.attachment.PortMapping;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/** Pods of tests. Stateless. */
final class Pods {
    private Pods() {}

    static LocalPod pod(String name, String addresses, PortMapping... ports) {
        AddressLease lease = lease(name, addresses);
        return new LocalPod(
                lease,
                new PodAttachment(
                        lease.endpoint(),
                        lease.pod(),
                        "",
                        MacAddress.ofPod(lease.addresses().getFirst()),
                        List.of(ports)));
    }

    static AddressLease lease(String name, String addresses) {
        List<InetAddress> parsed =
                Stream.of(addresses.split(",", -1)).map(IpAddresses::parse).toList();
        return new AddressLease(new Endpoint(name, "eth0"), parsed, "default/" + name);
    }
}
