/** ICMP echo: asking another address whether it is there. */
@NullMarked
package dev.culvert.linux.icmp;

import org.jspecify.annotations.NullMarked;
