enum ServicePlaceholder {}
import Hummingbird
import Yams
