/** What the parts of the packet path cost: time and allocation of an operation, by JMH. */
@NullMarked
package dev.culvert.bench.packet;

import org.jspecify.annotations.NullMarked;
