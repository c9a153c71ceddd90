"""Names of time zones: what the letters `V` and `z` of a date pattern accept.

A fixed list, so that a verdict does not depend on the machine: the IANA names of the form Area/City that have no
underscore, hyphen or third part, and the abbreviations in capital letters that the IANA rules have ever used. UTC is
not among them: the Pact core does not take it for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CITIES: Final[Mapping[str, frozenset[str]]] = {
    area: frozenset(cities.split())
    for area, cities in {
        "Africa": """
            Abidjan Accra Algiers Asmara Asmera Bamako Bangui Banjul Bissau Blantyre Brazzaville Bujumbura
            Cairo Casablanca Ceuta Conakry Dakar Djibouti Douala Freetown Gaborone Harare Johannesburg Juba
            Kampala Khartoum Kigali Kinshasa Lagos Libreville Lome Luanda Lubumbashi Lusaka Malabo Maputo
            Maseru Mbabane Mogadishu Monrovia Nairobi Ndjamena Niamey Nouakchott Ouagadougou Timbuktu
            Tripoli Tunis Windhoek
        """,
        "America": """
            Adak Anchorage Anguilla Antigua Araguaina Aruba Asuncion Atikokan Atka Bahia Barbados Belem
            Belize Bogota Boise Cancun Caracas Catamarca Cayenne Cayman Chicago Chihuahua Cordoba Coyhaique
            Creston Cuiaba Curacao Danmarkshavn Dawson Denver Detroit Dominica Edmonton Eirunepe Ensenada
            Fortaleza Godthab Grenada Guadeloupe Guatemala Guayaquil Guyana Halifax Havana Hermosillo
            Indianapolis Inuvik Iqaluit Jamaica Jujuy Juneau Kralendijk Lima Louisville Maceio Managua
            Manaus Marigot Martinique Matamoros Mazatlan Mendoza Menominee Merida Metlakatla Miquelon
            Moncton Monterrey Montevideo Montreal Montserrat Nassau Nipigon Nome Noronha Nuuk Ojinaga Panama
            Pangnirtung Paramaribo Phoenix Recife Regina Resolute Rosario Santarem Santiago Scoresbysund
            Shiprock Sitka Tegucigalpa Thule Tijuana Toronto Tortola Vancouver Virgin Whitehorse Winnipeg
            Yakutat Yellowknife
        """,
        "Antarctica": """
            Casey Davis DumontDUrville Macquarie Mawson McMurdo Palmer Rothera Syowa Troll Vostok
        """,
        "Arctic": """
            Longyearbyen
        """,
        "Asia": """
            Aden Almaty Amman Anadyr Aqtau Aqtobe Ashgabat Ashkhabad Atyrau Baghdad Bahrain Baku Bangkok
            Barnaul Beirut Bishkek Brunei Calcutta Chita Choibalsan Chongqing Chungking Colombo Dacca
            Damascus Dhaka Dili Dubai Dushanbe Famagusta Gaza Harbin Hebron Hovd Irkutsk Istanbul Jakarta
            Jayapura Jerusalem Kabul Kamchatka Karachi Kashgar Kathmandu Katmandu Khandyga Kolkata
            Krasnoyarsk Kuching Kuwait Macao Macau Magadan Makassar Manila Muscat Nicosia Novokuznetsk
            Novosibirsk Omsk Oral Pontianak Pyongyang Qatar Qostanay Qyzylorda Rangoon Riyadh Saigon
            Sakhalin Samarkand Seoul Shanghai Singapore Srednekolymsk Taipei Tashkent Tbilisi Tehran Thimbu
            Thimphu Tokyo Tomsk Ulaanbaatar Urumqi Vientiane Vladivostok Yakutsk Yangon Yekaterinburg
            Yerevan
        """,
        "Atlantic": """
            Azores Bermuda Canary Faeroe Faroe Madeira Reykjavik Stanley
        """,
        "Australia": """
            ACT Adelaide Brisbane Canberra Currie Darwin Eucla Hobart LHI Lindeman Melbourne NSW North Perth
            Queensland South Sydney Tasmania Victoria West Yancowinna
        """,
        "Brazil": """
            Acre DeNoronha East West
        """,
        "Canada": """
            Atlantic Central Eastern Mountain Newfoundland Pacific Saskatchewan Yukon
        """,
        "Chile": """
            Continental EasterIsland
        """,
        "Etc": """
            GMT GMT0 Greenwich UCT UTC Universal Zulu
        """,
        "Europe": """
            Amsterdam Andorra Astrakhan Athens Belfast Belgrade Berlin Bratislava Brussels Bucharest
            Budapest Busingen Chisinau Copenhagen Dublin Gibraltar Guernsey Helsinki Istanbul Jersey
            Kaliningrad Kiev Kirov Kyiv Lisbon Ljubljana London Luxembourg Madrid Malta Mariehamn Minsk
            Monaco Moscow Nicosia Oslo Paris Podgorica Prague Riga Rome Samara Sarajevo Saratov Simferopol
            Skopje Sofia Stockholm Tallinn Tirane Tiraspol Ulyanovsk Uzhgorod Vaduz Vatican Vienna Vilnius
            Volgograd Warsaw Zagreb Zaporozhye Zurich
        """,
        "Indian": """
            Antananarivo Chagos Christmas Cocos Comoro Kerguelen Mahe Maldives Mauritius Mayotte Reunion
        """,
        "Mexico": """
            BajaNorte BajaSur General
        """,
        "Pacific": """
            Apia Auckland Bougainville Chatham Chuuk Easter Efate Enderbury Fakaofo Fiji Funafuti Galapagos
            Gambier Guadalcanal Guam Honolulu Johnston Kanton Kiritimati Kosrae Kwajalein Majuro Marquesas
            Midway Nauru Niue Norfolk Noumea Palau Pitcairn Pohnpei Ponape Rarotonga Saipan Samoa Tahiti
            Tarawa Tongatapu Truk Wake Wallis Yap
        """,
        "US": """
            Alaska Aleutian Arizona Central Eastern Hawaii Michigan Mountain Pacific Samoa
        """,
    }.items()
}
"""Area -> its cities, as written."""

_CAPITALS: Final = """
    ACDT ACST ADDT ADT AEDT AEST AHDT AHST AKDT AKST AMT APT AST AWDT AWST AWT BDST BDT BMT BST CAST CAT CDDT
    CDT CEMT CEST CET CMT CPT CST CWT DMT EAT EDDT EDT EEST EET EMT EPT EST EWT FFMT FMT GDT GMT GST HDT HKST
    HKT HKWT HMT HPT HST HWT IDDT IDT IMT IST JDT JMT JST KDT KMT KST LMT LST MDDT MDST MDT MEST MET MMT MPT MSD
    MSK MST MWT NDDT NDT NPT NST NWT NZDT NZMT NZST PDDT PDT PKST PKT PLMT PMMT PMT PPMT PPT PST PWT QMT RMT
    SAST SDMT SET SJMT SMT SST TBMT TMT WAST WAT WEMT WEST WET WIB WIT WITA WMT YDDT YDT YPT YST YWT
"""
ABBREVIATIONS: Final = frozenset(_CAPITALS.split())
