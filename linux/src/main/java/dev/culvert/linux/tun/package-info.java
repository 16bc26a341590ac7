/**
 * Multi-queue TUN devices with the virtio-net header, and the offloads that the kernel grants them.
 *
 * @see <a href="https://docs.kernel.org/networking/tuntap.html">Universal TUN/TAP device driver</a>
 */
@NullMarked
package dev.culvert.linux.tun;

import org.jspecify.annotations.NullMarked;
