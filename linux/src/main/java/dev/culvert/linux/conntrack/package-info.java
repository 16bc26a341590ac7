/**
 * The connections that the kernel tracks in one network namespace: reads and forgets them.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/netlink.7.html">netlink(7)</a>
 */
@NullMarked
package dev.culvert.linux.conntrack;

import org.jspecify.annotations.NullMarked;
