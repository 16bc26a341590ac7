/** Address values that every module speaks. No I/O, no dependencies; all types are immutable. */
@NullMarked
package dev.culvert.net;

import org.jspecify.annotations.NullMarked;
